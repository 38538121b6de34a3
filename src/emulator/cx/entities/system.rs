//! The service's own entity types (cx-runtime 13), each found by the file that knows it.

use super::text::{Candidate, Text};
use super::{EntityContext, code, contact, geo, measure, number, openended, vocabulary, when};

/// A system entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SystemType {
    /// Any words.
    Any,
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A day, a time, both, or a span of them.
    DateTime,
    /// A span of days.
    DatePeriod,
    /// A span of times of day.
    TimePeriod,
    /// An amount of time.
    Duration,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// A counting number.
    Cardinal,
    /// A rank.
    Ordinal,
    /// A share of a hundred.
    Percentage,
    /// Digits, kept as they are.
    NumberSequence,
    /// A postal code.
    ZipCode,
    /// A telephone number.
    PhoneNumber,
    /// A flight number.
    FlightNumber,
    /// A mail address.
    Email,
    /// A web address.
    Url,
    /// A city.
    City,
    /// A country.
    Country,
    /// A state or province.
    State,
    /// A street address.
    Address,
    /// Any place.
    Location,
    /// A sight.
    Attraction,
    /// A person's name.
    Person,
    /// A first name.
    GivenName,
    /// A family name.
    LastName,
    /// A sum of money.
    Money,
    /// A currency.
    CurrencyName,
    /// An amount of some unit.
    Unit(UnitKind),
    /// The name of a unit.
    UnitName,
    /// A colour.
    Color,
    /// A language.
    Language,
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// Years and months of life.
    Age,
    /// Heat.
    Temperature,
    /// Distance.
    Length,
    /// Mass.
    Weight,
    /// Capacity.
    Volume,
    /// Surface.
    Area,
    /// Distance per time.
    Speed,
    /// Computer memory.
    Information,
}

impl SystemType {
    /// The type of a name such as `sys.date`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("sys.")? {
            "any" => Self::Any,
            "date" => Self::Date,
            "time" => Self::Time,
            "date-time" => Self::DateTime,
            "date-period" => Self::DatePeriod,
            "time-period" => Self::TimePeriod,
            "duration" | "unit-duration" => Self::Duration,
            "number" => Self::Number,
            "number-integer" => Self::Integer,
            "cardinal" => Self::Cardinal,
            "ordinal" => Self::Ordinal,
            "percentage" => Self::Percentage,
            "number-sequence" => Self::NumberSequence,
            "zip-code" => Self::ZipCode,
            "phone-number" => Self::PhoneNumber,
            "flight-number" => Self::FlightNumber,
            "email" => Self::Email,
            "url" => Self::Url,
            "geo-city" | "geo-city-us" | "geo-city-gb" | "geo-capital" => Self::City,
            "geo-country" | "geo-country-code" => Self::Country,
            "geo-state" | "geo-state-us" | "geo-state-gb" => Self::State,
            "address" | "street-address" => Self::Address,
            "location" => Self::Location,
            "place-attraction" | "place-attraction-us" => Self::Attraction,
            "person" => Self::Person,
            "given-name" => Self::GivenName,
            "last-name" => Self::LastName,
            "unit-currency" => Self::Money,
            "currency-name" => Self::CurrencyName,
            "age" => Self::Unit(UnitKind::Age),
            "temperature" | "unit-temperature" => Self::Unit(UnitKind::Temperature),
            "unit-length" => Self::Unit(UnitKind::Length),
            "unit-weight" => Self::Unit(UnitKind::Weight),
            "unit-volume" => Self::Unit(UnitKind::Volume),
            "unit-area" => Self::Unit(UnitKind::Area),
            "unit-speed" => Self::Unit(UnitKind::Speed),
            "unit-information" => Self::Unit(UnitKind::Information),
            "unit-length-name"
            | "unit-weight-name"
            | "unit-volume-name"
            | "unit-area-name"
            | "unit-speed-name"
            | "unit-information-name" => Self::UnitName,
            "color" => Self::Color,
            "language" => Self::Language,
            _ => return None,
        })
    }
}

/// All values of a system type in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, context: &EntityContext<'_>) -> Vec<Candidate> {
    match kind {
        SystemType::Date
        | SystemType::Time
        | SystemType::DateTime
        | SystemType::DatePeriod
        | SystemType::TimePeriod => when::find(kind, text, context),
        SystemType::Any => any(text).into_iter().collect(),
        SystemType::Duration
        | SystemType::Money
        | SystemType::CurrencyName
        | SystemType::Unit(_)
        | SystemType::UnitName => measure::find(kind, text, context.language),
        SystemType::Number
        | SystemType::Integer
        | SystemType::Cardinal
        | SystemType::Ordinal
        | SystemType::Percentage => number::find(kind, text, context.language),
        SystemType::NumberSequence
        | SystemType::ZipCode
        | SystemType::PhoneNumber
        | SystemType::FlightNumber => code::find(kind, text, context.language),
        SystemType::Email | SystemType::Url => contact::find(kind, text),
        SystemType::Country | SystemType::State => geo::find(kind, text),
        SystemType::City
        | SystemType::Address
        | SystemType::Location
        | SystemType::Attraction
        | SystemType::Person
        | SystemType::GivenName
        | SystemType::LastName => openended::find(kind, text, context.language),
        SystemType::Color | SystemType::Language => vocabulary::find(kind, text),
    }
}

/// The whole utterance.
fn any(text: &Text<'_>) -> Option<Candidate> {
    let trimmed = text.raw.trim();
    let start = text.raw.len() - text.raw.trim_start().len();
    (!trimmed.is_empty()).then(|| Candidate::exact(start..start + trimmed.len(), trimmed))
}
