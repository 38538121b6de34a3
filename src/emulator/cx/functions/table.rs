//! Which functions there are, and how many arguments they take (cx-runtime 11.2). `IF` is not among them: it chooses
//! before it evaluates.

use super::{Answer, dates, lists, numbers, objects, phones, texts};
use crate::emulator::cx::environment::Environment;
use crate::model::Value;

/// A function that takes values.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Fewest arguments.
    pub(super) least: usize,
    /// Most arguments.
    pub(super) most: usize,
    /// Whether a quoted reference in front means the value it refers to.
    pub(super) first_is_reference: bool,
    pub(super) body: fn(&[Value], &dyn Environment) -> Answer,
}

/// No limit on the number of arguments.
const MANY: usize = usize::MAX;

impl Function {
    const fn new(
        name: &'static str,
        least: usize,
        most: usize,
        body: fn(&[Value], &dyn Environment) -> Answer,
    ) -> Self {
        Self {
            name,
            least,
            most,
            first_is_reference: false,
            body,
        }
    }

    const fn of_reference(
        name: &'static str,
        least: usize,
        most: usize,
        body: fn(&[Value], &dyn Environment) -> Answer,
    ) -> Self {
        Self {
            first_is_reference: true,
            ..Self::new(name, least, most, body)
        }
    }

    /// `2`, `2 to 3` or `2 or more`.
    pub(super) fn arity(&self) -> String {
        match (self.least, self.most) {
            (least, most) if least == most => least.to_string(),
            (least, MANY) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        }
    }
}

static FUNCTIONS: [Function; 40] = [
    Function::new("ADD", 2, MANY, |values, _| numbers::add(values)),
    Function::new("ADD_DATE", 3, 3, |values, _| dates::add_date(values)),
    Function::new("APPEND", 2, MANY, |values, _| Ok(lists::append(values))),
    Function::new("CONCATENATE", 1, MANY, |values, _| texts::concatenate(values)),
    Function::new("CONTAIN", 2, 2, |values, _| Ok(lists::contain(values))),
    Function::new("COUNT", 1, 1, |values, _| lists::count(values)),
    Function::new("DIVIDE", 2, 3, |values, _| numbers::divide(values)),
    Function::of_reference("FILTER", 2, 2, |values, _| objects::filter(values)),
    Function::new("FORMAT_DATE", 2, 3, |values, _| dates::format_date(values)),
    Function::new("GET", 2, 2, |values, _| lists::get(values)),
    Function::of_reference("GET_FIELD", 2, 2, |values, _| Ok(objects::get_field(values))),
    Function::new("IDENTITY", 1, 1, |values, _| Ok(objects::identity(values))),
    Function::new("IS_CREDIT_CARD_NUMBER", 1, 1, |values, _| {
        Ok(phones::is_credit_card_number(values))
    }),
    Function::new("IS_DATE", 2, 3, |values, _| dates::is_date(values)),
    Function::new("IS_FUTURE_DATE", 1, 1, dates::is_future_date),
    Function::new("IS_PAST_DATE", 1, 1, dates::is_past_date),
    Function::new("IS_PHONE_NUMBER", 1, 2, |values, _| {
        Ok(phones::is_phone_number(values))
    }),
    Function::new("JOIN", 2, 3, |values, _| lists::join(values)),
    Function::new("LEN", 1, 1, |values, _| texts::len(values)),
    Function::new("LOWER", 1, 1, |values, _| texts::lower(values)),
    Function::new("MATCH", 2, 2, |values, _| Ok(lists::index_of(values))),
    Function::new("MID", 3, 3, |values, _| texts::mid(values)),
    Function::new("MINUS", 2, 2, |values, _| numbers::minus(values)),
    Function::new("MULTIPLY", 2, MANY, |values, _| numbers::multiply(values)),
    Function::of_reference("NESTED_FIELD", 2, 11, |values, _| objects::nested_field(values)),
    Function::new("NOW", 0, 0, |_, environment| Ok(dates::now(environment))),
    Function::new("RAND", 0, 0, numbers::rand),
    Function::new("REMOVE", 2, MANY, |values, _| lists::remove(values)),
    Function::new("ROUND", 1, 2, |values, _| numbers::round(values)),
    Function::new("SPLIT", 2, 2, |values, _| texts::split(values)),
    Function::new("SUBSTITUTE", 3, 3, |values, _| texts::substitute(values)),
    Function::new("TO_NUMBER", 1, 1, |values, _| numbers::to_number(values)),
    Function::new("TO_OBJECT", 1, 1, |values, _| objects::to_object(values)),
    Function::new("TO_PHONE_NUMBER", 1, 2, |values, _| {
        phones::to_phone_number(values)
    }),
    Function::new("TO_TEXT", 1, 1, |values, _| texts::to_text(values)),
    Function::new("UNIQUE", 1, 1, |values, _| lists::unique(values)),
    Function::new("UPPER", 1, 1, |values, _| texts::upper(values)),
    Function::new("URL_ENCODE", 1, 1, |values, _| texts::url_encode(values)),
    Function::new("UUID", 0, 0, |_, environment| Ok(texts::uuid(environment))),
    Function::new("rand", 0, 0, numbers::rand),
];

/// The function of this name. Names are in upper case, but for one that is older than the rule.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
