//! The operators of matchers.

use super::{Group, Key, Shape, Subject};

const EDGE: Shape = Shape::OneOf(&[Shape::Number, Shape::Text]);
const ANY: Shape = Shape::Matcher(Subject::Any);
const SOUGHT: Shape = Shape::OneOf(&[Shape::Number, Shape::Sought]);
/// A number, a date or a time.
const ORDERED: Shape = Shape::OneOf(&[
    Shape::Number,
    Shape::Like("^\\s*[+-]?[.0-9][-+:.0-9 eETtZz]*$|\\{\\{.+\\}\\}"),
]);

pub(super) const OPERATORS: &[Key] = &[
    Key::own(
        "equals",
        Shape::Any,
        "{ id: 7 }",
        "Exactly this value: white space counts, and so do all members",
    ),
    Key::own(
        "contains",
        SOUGHT,
        "see you soon",
        "The text contains this, or the list has an item that equals it",
    ),
    Key::own(
        "icontains",
        SOUGHT,
        "see you soon",
        "As `contains`, ignoring case",
    ),
    Key::own("starts_with", EDGE, "Welcome", "The text starts with this"),
    Key::own("ends_with", EDGE, "goodbye.", "The text ends with this"),
    Key::own(
        "matches",
        Shape::Sought,
        "'(?i)come again'",
        "This regular expression is found in the text, anywhere unless it has `^` or `$`",
    ),
    Key::own(
        "any_of",
        Shape::List(&ANY),
        "[Hello, { contains: welcome }]",
        "At least one of these holds",
    ),
    Key::own(
        "all_of",
        Shape::List(&ANY),
        "[{ contains: card }, { contains: expires }]",
        "All of these hold",
    ),
    Key::own("not", ANY, "{ contains: sorry }", "This does not hold"),
    Key::own("gt", ORDERED, "0", "Greater than this"),
    Key::own("gte", ORDERED, "0.6", "Greater than or equal to this"),
    Key::own("lt", ORDERED, "10", "Less than this"),
    Key::own("lte", ORDERED, "10", "Less than or equal to this"),
    Key::own(
        "between",
        Shape::List(&ORDERED),
        "[0.3, 1]",
        "Between these two, or equal to one of them",
    ),
    Key::own(
        "approx",
        Shape::Group(Group::Approx),
        "{ to: 2, within: 0.5 }",
        "A number close to this one",
    ),
    Key::own(
        "has_length",
        Shape::Matcher(Subject::Number),
        "3",
        "So many characters, items or members; a number, or a matcher",
    ),
    Key::own(
        "is_type",
        Shape::Choice(&["text", "number", "integer", "boolean", "list", "object", "null"]),
        "number",
        "The type",
    ),
    Key::own("absent", Shape::True, "true", "Nothing is there"),
    Key::own("present", Shape::True, "true", "Something is there"),
    Key::own("unchanged", Shape::True, "true", "The same as before the turn"),
    Key::own("each", ANY, "{ is_type: text }", "Every item matches"),
    Key::own("has_item", ANY, "{ code: 0 }", "At least one item matches"),
    Key::own(
        "similar",
        Shape::Group(Group::Similar),
        "{ to: See you soon, at_least: 0.8 }",
        "A text much like this one",
    ),
    Key::own(
        "wer",
        Shape::Group(Group::Wer),
        "{ to: tomorrow morning, at_most: 0.2 }",
        "The share of words that differ from this text (word error rate)",
    ),
    Key::own(
        "date",
        Shape::OneOf(&[Shape::Day, Shape::Group(Group::Date)]),
        "{ weekday: friday, within: 8d }",
        "A date: as text, or as the object with `year`, `month` and `day` that Dialogflow CX makes of one",
    ),
];

pub(super) const APPROX: &[Key] = &[
    Key::own("to", Shape::Number, "2", "The number").required(),
    Key::own(
        "within",
        Shape::Between(0.0, f64::MAX),
        "0.5",
        "How far from it the value may be",
    )
    .required(),
];

pub(super) const SIMILAR: &[Key] = &[
    Key::own("to", Shape::Text, "See you soon", "The text").required(),
    Key::own(
        "at_least",
        Shape::Above(0.0, 1.0),
        "0.8",
        "The least similarity, from 0 to 1",
    )
    .required(),
    Key::own(
        "algorithm",
        Shape::Choice(&["levenshtein", "jaro_winkler", "words"]),
        "words",
        "How it is measured: edits of characters (`levenshtein`, unless set), `jaro_winkler`, or shared `words` in any order",
    ),
];

pub(super) const WER: &[Key] = &[
    Key::own("to", Shape::Text, "tomorrow morning", "The text").required(),
    Key::own(
        "at_most",
        Shape::Between(0.0, f64::MAX),
        "0.2",
        "The largest word error rate; 0.2 is one word in five",
    )
    .required(),
];

pub(super) const DATE: &[Key] = &[
    Key::own(
        "from_today",
        Shape::Integer(i64::MIN, i64::MAX),
        "1",
        "So many days after the conversation's today; negative for days before",
    ),
    Key::own(
        "weekday",
        Shape::Choice(&[
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ]),
        "friday",
        "The next such weekday after today",
    ),
    Key::own(
        "within",
        Shape::Duration,
        "8d",
        "Beside `weekday`: how far ahead it may be; 7d unless set",
    ),
];
