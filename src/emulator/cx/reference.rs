//! References to parameters: `$session.params.address.city[0]` (cx-runtime 10.3, 10.5).

use super::bounds::LONGEST_REFERENCE;
use super::cursor::Cursor;
use crate::model::Value;

/// A reference as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The whole text with its `$`.
    pub source: Box<str>,
    /// Whose value it is.
    pub scope: Scope,
    /// The way to the value within the scope; empty for the scope as a whole.
    pub path: Box<[Step]>,
}

/// Whose value a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `$session.params`.
    Session,
    /// `$page.params`: the form of the current page.
    Page,
    /// `$intent.params`: the intent matched in this turn.
    Intent,
    /// `$flow`: parameters of the active flow's instance.
    Flow,
    /// `$request`: facts about this turn.
    Request,
    /// `$NAME.params`: parameters a client sent with a scope of its own.
    Custom(Box<str>),
}

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A parameter or a member of an object.
    Name(Box<str>),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl Reference {
    /// Reads a whole text as a reference.
    pub fn parse(text: &str) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        Self::read(&mut cursor).filter(|_| cursor.is_at_end())
    }

    /// Reads a reference that starts here; steps over nothing when there is none. Function calls are none, nor is what
    /// has more steps than a person would write: every look-up takes time for each of them.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut attempt = cursor.clone();
        let start = attempt.position();
        if !attempt.eat("$") {
            return None;
        }
        let scope = read_scope(&mut attempt)?;
        let mut path = Vec::new();
        while let Some(step) = read_step(&mut attempt) {
            if path.len() >= LONGEST_REFERENCE {
                return None;
            }
            path.push(step);
        }
        let source = attempt.since(start).into();
        *cursor = attempt;
        Some(Self {
            source,
            scope,
            path: path.into(),
        })
    }
}

fn read_scope(cursor: &mut Cursor<'_>) -> Option<Scope> {
    let word = cursor.eat_while(is_name_character);
    match word {
        "flow" => return is_followed_by_step(cursor).then_some(Scope::Flow),
        "request" => return is_followed_by_step(cursor).then_some(Scope::Request),
        "" | "sys" => return None,
        _ => {}
    }
    if !cursor.eat(".params") || cursor.peek().is_some_and(is_name_character) {
        return None;
    }
    Some(match word {
        "session" => Scope::Session,
        "page" => Scope::Page,
        "intent" => Scope::Intent,
        custom => Scope::Custom(custom.into()),
    })
}

fn is_followed_by_step(cursor: &Cursor<'_>) -> bool {
    read_step(&mut cursor.clone()).is_some()
}

/// A full stop belongs to a reference only when a name follows, a bracket only when it holds a number.
fn read_step(cursor: &mut Cursor<'_>) -> Option<Step> {
    let mut attempt = cursor.clone();
    let step = if attempt.eat(".") {
        let name = attempt.eat_while(is_name_character);
        if name.is_empty() {
            return None;
        }
        Step::Name(name.into())
    } else if attempt.eat("[") {
        let index = attempt
            .eat_while(|character| character.is_ascii_digit())
            .parse()
            .ok()?;
        if !attempt.eat("]") {
            return None;
        }
        Step::Index(index)
    } else {
        return None;
    };
    *cursor = attempt;
    Some(step)
}

/// Characters of parameter names besides the full stop (cx-runtime 10.1).
pub(super) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// The value at the end of a path below a value; null counts as nothing.
pub(super) fn descend<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    let mut value = value;
    for step in path {
        value = match (step, value) {
            (Step::Name(name), Value::Object(members)) => members.get(&**name).or_else(|| {
                members
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, member)| member)
            })?,
            (Step::Index(index), Value::Array(elements)) => elements.get(*index)?,
            _ => return None,
        };
    }
    (!value.is_null()).then_some(value)
}

/// The names at the front of a path joined by full stops, longest first, with what is left of the path: parameters
/// with dotted names are flat (cx-runtime 10.1).
pub(super) fn dotted_names(path: &[Step]) -> impl Iterator<Item = (String, &[Step])> {
    let names: Vec<&str> = path
        .iter()
        .map_while(|step| match step {
            Step::Name(name) => Some(&**name),
            Step::Index(_) => None,
        })
        .collect();
    (2..=names.len())
        .rev()
        .map(move |count| (names[..count].join("."), &path[count..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let mut cursor = Cursor::new(text);
        let reference = Reference::read(&mut cursor)?;
        Some((reference.source.into(), cursor.rest().to_owned()))
    }

    #[test]
    fn a_reference_ends_before_punctuation() {
        let cases = [
            (
                "$session.params.money? That's",
                "$session.params.money",
                "? That's",
            ),
            ("$session.params.name. And", "$session.params.name", ". And"),
            ("$session.params.a.b[0].c-d!", "$session.params.a.b[0].c-d", "!"),
            ("$session.params.a[x]", "$session.params.a", "[x]"),
            ("$session.params", "$session.params", ""),
            ("$flow.zip_code</say-as>", "$flow.zip_code", "</say-as>"),
            ("$request.user-utterance", "$request.user-utterance", ""),
            ("$game.params.score,", "$game.params.score", ","),
        ];
        for (text, reference, rest) in cases {
            assert_eq!(
                read(text),
                Some((reference.to_owned(), rest.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_reference_of_endless_steps_is_none() {
        let long = |steps: usize| format!("$session.params{}", ".a".repeat(steps));
        assert_eq!(read(&long(LONGEST_REFERENCE)).unwrap().0, long(LONGEST_REFERENCE));
        assert_eq!(read(&long(LONGEST_REFERENCE + 1)), None);
        assert_eq!(read(&format!("$session.params.a{}", "[0]".repeat(20_000))), None);
    }

    #[test]
    fn other_dollars_are_no_references() {
        for text in [
            "$75.27",
            "$ 5",
            "$$",
            "$[XX]",
            "$flow",
            "$flow.",
            "$request ",
            "$sys.func.NOW()",
            "$sesión.params.x",
            "$session.parameters.x",
            "$",
            "$session",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let value = json!({"a": [{"B": 1}, null], "n": null});
        let path = |text: &str| Reference::parse(&format!("$session.params{text}")).unwrap().path;
        assert_eq!(descend(&value, &path(".a[0].b")), Some(&json!(1)));
        assert_eq!(descend(&value, &path(".a[1]")), None);
        assert_eq!(descend(&value, &path(".a[2]")), None);
        assert_eq!(descend(&value, &path(".a.b")), None);
        assert_eq!(descend(&value, &path(".n")), None);
    }

    #[test]
    fn dotted_names_are_tried_longest_first() {
        let reference = Reference::parse("$session.params.a.b.c[1]").unwrap();
        let names: Vec<_> = dotted_names(&reference.path)
            .map(|(name, rest)| (name, rest.len()))
            .collect();
        assert_eq!(names, [("a.b.c".to_owned(), 1), ("a.b".to_owned(), 2)]);
    }
}
