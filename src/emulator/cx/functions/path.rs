//! JSONPath as the authors of agents write it: the standard's, and what the service's own reader takes beside it
//! (cx-runtime 8.4, 11.2): names with hyphens after a dot, paths without a `$`, patterns by `=~`.

use std::borrow::Cow;

use serde_json_path::JsonPath;

use crate::model::Value;

/// Reads a JSONPath that is no longer and no deeper than one that a person writes.
pub(in crate::emulator::cx) fn parse_path(text: &str) -> Result<JsonPath, String> {
    const LONGEST: usize = 1000;
    const DEEPEST: usize = 20;
    let opened = text
        .bytes()
        .filter(|byte| matches!(byte, b'(' | b'[' | b'!'))
        .count();
    if text.len() > LONGEST || opened > DEEPEST {
        return Err("the JSONPath is too long or nested too deep".to_owned());
    }
    let text = text.trim();
    JsonPath::parse(text)
        .or_else(|error| JsonPath::parse(&standard(text)).map_err(|_| error))
        .map_err(|error| format!("`{text}` is no JSONPath: {error}"))
}

/// The nodes that a path finds, in a value and by a path that together do not lead to more than a machine can hold:
/// every `..` goes through all that is below every node, and every part of a `[a, b]` goes its own way.
pub(in crate::emulator::cx) fn nodes<'v>(
    path: &JsonPath,
    value: &'v Value,
) -> Result<Vec<&'v Value>, String> {
    const MOST_DESCENTS: u32 = 2;
    const MOST_NODES: usize = 1_000_000;
    let (descents, ways) = effort(&path.to_string());
    if descents > MOST_DESCENTS {
        return Err(format!("the JSONPath has more than {MOST_DESCENTS} `..`"));
    }
    let (count, depth) = extent(value);
    let visits = depth
        .saturating_pow(descents.saturating_sub(1))
        .saturating_mul(ways)
        .saturating_mul(count);
    if visits > MOST_NODES {
        return Err("the JSONPath leads to too many places".to_owned());
    }
    Ok(path.query(value).all())
}

/// How often a path goes through everything below, and how many ways it goes at once.
fn effort(path: &str) -> (u32, usize) {
    let (mut descents, mut ways) = (0, 1_usize);
    let mut open: Vec<usize> = Vec::new();
    let mut rest = path;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        match character {
            '"' | '\'' => taken = quoted(rest, &mut String::new()).unwrap_or(taken),
            '.' if rest.starts_with("..") => {
                descents += 1;
                taken = 2;
            }
            '[' | '(' => open.push(1),
            ',' => open
                .iter_mut()
                .next_back()
                .into_iter()
                .for_each(|parts| *parts += 1),
            ']' | ')' => ways = ways.saturating_mul(open.pop().unwrap_or(1)),
            _ => {}
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    (descents, ways)
}

/// How many values there are in a value, and how deep they lie at most.
fn extent(value: &Value) -> (usize, usize) {
    let below = |(count, depth): (usize, usize), part: &Value| {
        let (more, deeper) = extent(part);
        (count + more, depth.max(deeper + 1))
    };
    match value {
        Value::Array(elements) => elements.iter().fold((1, 1), below),
        Value::Object(members) => members.values().fold((1, 1), below),
        _ => (1, 1),
    }
}

/// The path as the standard has it.
fn standard(text: &str) -> String {
    let rooted = match text.chars().next() {
        Some('$' | '@') | None => Cow::Borrowed(text),
        Some('[') => Cow::Owned(format!("${text}")),
        Some(_) => Cow::Owned(format!("$.{text}")),
    };
    let mut written = String::new();
    let mut rest = &*rooted;
    while let Some(character) = rest.chars().next() {
        let taken = match character {
            '"' | '\'' => quoted(rest, &mut written),
            '.' => member(rest, &mut written),
            '=' if rest.starts_with("=~") => pattern(rest, &mut written),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            written.push(character);
            character.len_utf8()
        });
        rest = rest.get(taken..).unwrap_or_default();
    }
    written
}

/// A text in quotes, as it stands.
fn quoted(rest: &str, written: &mut String) -> Option<usize> {
    let quote = rest.chars().next()?;
    let mut is_escaped = false;
    let (end, _) = rest.char_indices().skip(1).find(|(_, character)| {
        let closes = *character == quote && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        closes
    })?;
    let taken = end + quote.len_utf8();
    written.push_str(&rest[..taken]);
    Some(taken)
}

/// `.name-with-hyphens` → `['name-with-hyphens']`.
fn member(rest: &str, written: &mut String) -> Option<usize> {
    let dots = rest.len() - rest.trim_start_matches('.').len();
    let name: &str = rest[dots..]
        .split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')))
        .next()?;
    if dots > 2 || !name.contains('-') {
        return None;
    }
    written.push_str(if dots == 2 { ".." } else { "" });
    written.push_str("['");
    written.push_str(name);
    written.push_str("']");
    Some(dots + name.len())
}

/// `LEFT =~ /PATTERN/i` → `match(LEFT, '(?i)PATTERN')`; LEFT has been written already.
fn pattern(rest: &str, written: &mut String) -> Option<usize> {
    let before = written.trim_end().len();
    let start = written[..before]
        .rfind(|character: char| {
            character.is_whitespace() || matches!(character, '(' | '?' | '&' | '|' | '!')
        })
        .map_or(0, |at| at + 1);
    let left = written
        .get(start..before)
        .filter(|left| left.starts_with(['@', '$']))?;
    let after = rest[2..].trim_start();
    let body = after.strip_prefix('/')?;
    let (source, flags) = body.split_once('/')?;
    let is_blind = flags.starts_with('i');
    let case = if is_blind { "(?i)" } else { "" };
    let call = format!("match({left}, '{case}{}')", source.replace('\'', "\\'"));
    written.truncate(start);
    written.push_str(&call);
    Some(rest.len() - flags.len() + usize::from(is_blind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_as_authors_write_them() {
        let value = json!({
            "first-name": "Ada",
            "a": { "b": 1 },
            "items": [{ "item-id": 1, "kind": "Tea" }, { "item-id": 2, "kind": "coffee" }],
        });
        for (path, expected) in [
            ("$.a.b", json!([1])),
            ("a.b", json!([1])),
            ("$.first-name", json!(["Ada"])),
            ("first-name", json!(["Ada"])),
            ("$..item-id", json!([1, 2])),
            ("$.items[*].item-id", json!([1, 2])),
            ("$.items[?(@.item-id == 2)].kind", json!(["coffee"])),
            ("$.items[?(@.kind == 'a-b.c-d')].kind", json!([])),
            ("$.items[?(@.kind =~ /t.*/i)].item-id", json!([1])),
            ("$.items[?(@.kind =~ /t.*/)].item-id", json!([])),
            ("$['items'][0]['kind']", json!(["Tea"])),
            ("['items'][0].kind", json!(["Tea"])),
        ] {
            let read = parse_path(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(json!(read.query(&value).all()), expected, "{path}");
        }
        for path in ["", "$.", "$[", "$.a =~", "$.x[?(@.a =~ /b)]", "a b"] {
            let error = parse_path(path).unwrap_err();
            assert!(error.contains("is no JSONPath"), "{path}: {error}");
        }
    }

    #[test]
    fn paths_that_lead_to_everything_many_times_are_refused() {
        let mut deep = json!([]);
        for _ in 0..40 {
            deep = json!([deep]);
        }
        let many = json!(vec![json!({ "a": 1, "b": 2 }); 1000]);
        for (path, value, is_fine) in [
            ("$..*", &deep, true),
            ("$..*..*", &deep, true),
            ("$..*..*..*", &deep, false),
            ("$[?(@..a)]..b..c", &deep, false),
            ("$['..']['....']", &deep, true),
            ("$..a", &many, true),
            ("$[*]['a', 'b']", &many, true),
            (
                "$[*,*,*,*,*,*][*,*,*,*,*,*][*,*,*,*,*,*][*,*,*,*,*,*]",
                &many,
                false,
            ),
        ] {
            let read = parse_path(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(nodes(&read, value).is_ok(), is_fine, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_none(text in "[$@.a\\-\\[\\]'\"=~/ ?()é]{0,24}") {
            let _ = parse_path(&text);
        }
    }
}
