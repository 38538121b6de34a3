//! Names of units and currencies: the result's spelling, then normalised names in several languages.

use crate::emulator::cx::entities::system::UnitKind;

/// A unit: what results carry, and its names separated by `|`.
pub(super) type Unit = (&'static str, &'static str);

/// Units of a kind.
pub(super) fn units(kind: UnitKind) -> &'static [Unit] {
    match kind {
        UnitKind::Age => AGES,
        UnitKind::Temperature => TEMPERATURES,
        UnitKind::Length => LENGTHS,
        UnitKind::Weight => WEIGHTS,
        UnitKind::Volume => VOLUMES,
        UnitKind::Area => AREAS,
        UnitKind::Speed => SPEEDS,
        UnitKind::Information => INFORMATION,
    }
}

const AGES: &[Unit] = &[
    (
        "yr",
        "years old|year old|years|year|yrs old|yrs|yr|yo|y o|años|año|años de edad|anos|ano|anos de idade|ans|an|jahre alt|jahre|jahr|lat|lata|rok|yaşinda|yaşindayim|yaş",
    ),
    (
        "mo",
        "months old|month old|months|month|mo|meses|mes|mois|monate alt|monate|monat|miesięcy|miesiące|aylik",
    ),
    (
        "wk",
        "weeks old|week old|weeks|week|semanas|semaines|wochen alt|wochen|tygodni",
    ),
    (
        "day",
        "days old|day old|days|day|días|dias|jours|tage alt|tage|dni|günlük",
    ),
];

/// Units of time.
pub(super) const DURATIONS: &[Unit] = &[
    (
        "s",
        "seconds|second|secs|sec|s|segundos|segundo|secondes|seconde|sekunden|sekunde|sekund|sekundy|saniye",
    ),
    (
        "min",
        "minutes|minute|mins|min|minutos|minuto|minuten|minut|minuty|dakika|dk",
    ),
    (
        "h",
        "hours|hour|hrs|hr|h|horas|hora|heures|heure|stunden|stunde|std|godzin|godziny|godzina|saat",
    ),
    (
        "day",
        "days|day|días|dias|día|dia|jours|jour|tage|tag|tagen|dni|dzień|gün",
    ),
    (
        "wk",
        "weeks|week|wks|wk|semanas|semana|semaines|semaine|wochen|woche|tygodni|tygodnie|tydzień|hafta",
    ),
    (
        "mo",
        "months|month|mos|meses|mes|mês|mois|monate|monat|monaten|miesięcy|miesiące|miesiąc|ay",
    ),
    (
        "yr",
        "years|year|yrs|yr|años|año|anos|ano|ans|an|année|années|jahre|jahr|jahren|lat|lata|rok|yil|sene",
    ),
    ("decade", "decades|decade|décadas|década"),
];

const TEMPERATURES: &[Unit] = &[
    (
        "C",
        "degrees celsius|degree celsius|degrees c|celsius|centigrade|c|grados centígrados|grados celsius|grados|graus celsius|graus|degrés celsius|degrés|grad celsius|grad|stopni celsjusza|stopni|santigrat",
    ),
    (
        "F",
        "degrees fahrenheit|degree fahrenheit|degrees f|fahrenheit|f|degrees|degree|deg|degs",
    ),
    ("K", "kelvin"),
];

const LENGTHS: &[Unit] = &[
    ("mm", "millimeters|millimeter|millimetres|millimetre|mm"),
    (
        "cm",
        "centimeters|centimeter|centimetres|centimetre|cms|cm|centímetros|centímetro|centimètres|centimètre|zentimeter|centymetrów|centymetry|centymetr|santim",
    ),
    (
        "m",
        "meters|meter|metres|metre|m|metros|metro|mètres|mètre|metrów|metry",
    ),
    (
        "km",
        "kilometers|kilometer|kilometres|kilometre|kms|km|kilómetros|kilómetro|quilômetros|quilômetro|kilomètres|kilomètre|kilometrów|kilometry|kilometr",
    ),
    (
        "inch",
        "inches|inch|in|pulgadas|pulgada|polegadas|polegada|pouces|pouce|zoll|cali",
    ),
    ("ft", "feet|foot|ft|pies|pés|pieds|fuß|fuss|stóp"),
    ("yd", "yards|yard|yd|yds|yardas"),
    ("mi", "miles|mile|mi|millas|milla|milhas|milha|meilen|meile|mil"),
];

const WEIGHTS: &[Unit] = &[
    ("mg", "milligrams|milligram|mg|miligramos"),
    ("g", "grams|gram|grammes|gramme|g|gramos|gramas|gramm|gramów"),
    (
        "kg",
        "kilograms|kilogram|kilos|kilo|kgs|kg|kilogramos|kilogramo|quilos|quilo|quilogramas|kilogrammes|kilogramme|kilogramm|kilogramów",
    ),
    (
        "lb",
        "pounds|pound|lbs|lb|libras|libra|livres|livre|pfund|funtów|funty|funt",
    ),
    ("oz", "ounces|ounce|oz|onzas|onças|onces|unzen"),
    ("st", "stones|stone"),
    ("t", "tons|ton|tonnes|tonne|t|toneladas|tonnen"),
];

const VOLUMES: &[Unit] = &[
    ("ml", "milliliters|milliliter|millilitres|ml|mililitros"),
    ("cl", "centiliters|cl"),
    ("l", "liters|liter|litres|litre|l|litros|litro|litrów|litry|litr"),
    ("gal", "gallons|gallon|gal|galones|galões"),
    ("qt", "quarts|quart|qt"),
    ("pt", "pints|pint|pt"),
    ("cup", "cups|cup|tazas|xícaras|tasses|tassen"),
    ("fl oz", "fluid ounces|fluid ounce|fl oz|ounces|ounce|oz"),
    ("tbsp", "tablespoons|tablespoon|tbsp"),
    ("tsp", "teaspoons|teaspoon|tsp"),
];

const AREAS: &[Unit] = &[
    (
        "m^2",
        "square meters|square meter|square metres|sq m|sqm|m2|metros cuadrados|metros quadrados|mètres carrés|quadratmeter",
    ),
    ("km^2", "square kilometers|square kilometres|sq km|km2"),
    ("ft^2", "square feet|square foot|sq ft|sqft|ft2"),
    ("acre", "acres|acre"),
    ("ha", "hectares|hectare|ha|hectáreas|hektar"),
];

const SPEEDS: &[Unit] = &[
    (
        "km/h",
        "kilometers per hour|kilometres per hour|km h|kmh|kph|kmph|kilómetros por hora|stundenkilometer",
    ),
    ("mph", "miles per hour|miles an hour|mph"),
    ("m/s", "meters per second|metres per second|m s"),
    ("knot", "knots|knot"),
];

const INFORMATION: &[Unit] = &[
    ("b", "bytes|byte"),
    ("kB", "kilobytes|kilobyte|kb"),
    ("MB", "megabytes|megabyte|megs|meg|mb"),
    ("GB", "gigabytes|gigabyte|gigs|gig|gb"),
    ("TB", "terabytes|terabyte|tb"),
];

/// Currency signs with their codes, longer signs first.
pub(super) const CURRENCY_SIGNS: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("C$", "CAD"),
    ("A$", "AUD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("R$", "BRL"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₩", "KRW"),
    ("₪", "ILS"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("₴", "UAH"),
    ("zł", "PLN"),
    ("₿", "BTC"),
];

/// Currencies by code; `cents` is a part of whichever is named beside it.
pub(super) const CURRENCIES: &[Unit] = &[
    (
        "USD",
        "us dollars|us dollar|dollars|dollar|bucks|buck|usd|dólares|dólar|dolares|dólares americanos|dollars américains|dolarów|dolary|dolar",
    ),
    ("EUR", "euros|euro|eur|deuros"),
    (
        "GBP",
        "british pounds|pounds sterling|pounds|pound|quid|gbp|libras|libras esterlinas|livres sterling|funtów|sterlin",
    ),
    ("JPY", "japanese yen|yen|jpy|yenes"),
    ("CNY", "yuan|renminbi|rmb|cny"),
    ("INR", "indian rupees|rupees|rupee|rs|inr|rupias"),
    ("CAD", "canadian dollars|canadian dollar|cad"),
    ("AUD", "australian dollars|australian dollar|aud"),
    ("NZD", "new zealand dollars|nzd"),
    (
        "CHF",
        "swiss francs|swiss franc|francs|franc|chf|franken|francos suizos",
    ),
    ("SEK", "swedish kronor|swedish krona|sek"),
    ("NOK", "norwegian kroner|norwegian krone|nok"),
    ("DKK", "danish kroner|danish krone|dkk"),
    (
        "PLN",
        "zlotys|zloty|pln|złotych|złote|złoty|zl|złotówki|złotówek|złotówka|złotego",
    ),
    ("TRY", "turkish lira|lira|try|tl|liras"),
    ("RUB", "rubles|ruble|roubles|rub|rublos"),
    ("BRL", "brazilian reais|reais|real|brl"),
    ("MXN", "mexican pesos|pesos|peso|mxn"),
    ("ARS", "argentine pesos|ars"),
    ("COP", "colombian pesos|cop"),
    ("CLP", "chilean pesos|clp"),
    ("PHP", "philippine pesos|php"),
    ("KRW", "won|krw"),
    ("SGD", "singapore dollars|sgd"),
    ("HKD", "hong kong dollars|hkd"),
    ("AED", "dirhams|dirham|aed"),
    ("SAR", "riyals|riyal|sar"),
    ("ZAR", "rand|rands|zar"),
    ("THB", "baht|thb"),
    ("IDR", "rupiah|idr"),
    ("MYR", "ringgit|myr"),
    ("VND", "dong|vnd"),
    ("UAH", "hryvnia|uah"),
    ("CZK", "czech koruna|koruna|czk"),
    ("HUF", "forint|huf"),
    ("RON", "lei|ron"),
    ("ILS", "shekels|shekel|ils"),
    ("EGP", "egyptian pounds|egp"),
    ("NGN", "naira|ngn"),
    ("KES", "kenyan shillings|kes"),
    ("BTC", "bitcoins|bitcoin|btc"),
    ("cents", "cents|cent|centavos|céntimos|centimes"),
];
