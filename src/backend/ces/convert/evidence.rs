//! How an answer came about: its sources, the searches that go with it, the spans of its trace.

use super::spans::{attribute, kind_and_name};
use crate::model::Value;
use crate::model::transcript::{Citation, Span, Suggestion};
use crate::proto::ces_v1 as ces;
use crate::proto::json::struct_to_json;
use crate::proto::time::{duration_from_proto, seconds_between};

/// Deeper spans are not looked at; a decoder would not let them in anyway.
const DEEPEST: usize = 64;

/// The sources of an output.
pub(super) fn citations(told: &ces::Citations) -> impl Iterator<Item = Citation> {
    told.cited_chunks.iter().map(|chunk| Citation {
        uri: chunk.uri.clone(),
        title: chunk.title.clone(),
        text: chunk.text.clone(),
        requires_attribution: Some(chunk.requires_attribution),
    })
}

/// The searches of an output. How they are to be shown (`htmls`) is for `raw`.
pub(super) fn suggestions(told: &ces::GoogleSearchSuggestions) -> impl Iterator<Item = Suggestion> {
    told.web_search_queries.iter().map(|search| Suggestion {
        query: search.query.clone(),
        uri: search.uri.clone(),
    })
}

/// The spans of a trace, each before those within it.
pub(super) fn spans<'a>(roots: impl Iterator<Item = &'a ces::Span>) -> Vec<Span> {
    let mut found = Vec::new();
    for root in roots {
        collect(root, &mut Vec::new(), &mut found);
    }
    found
}

fn collect(span: &ces::Span, within: &mut Vec<String>, found: &mut Vec<Span>) {
    if found.len() >= Span::MOST {
        return;
    }
    let shown = shown(span, within);
    let kind = shown.kind.clone();
    found.push(shown);
    if within.len() < DEEPEST {
        within.push(kind);
        for child in &span.child_spans {
            collect(child, within, found);
        }
        within.pop();
    }
}

fn shown(span: &ces::Span, within: &[String]) -> Span {
    let attributes = span.attributes.as_ref().map(struct_to_json).unwrap_or_default();
    let text = |key: &str| {
        let text = attribute(&attributes, key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (kind, named) = kind_and_name(&span.name);
    let kind = kind_name(kind);
    let named = Some(named).filter(|name| !name.is_empty()).map(str::to_owned);
    let agent = text("agent").or_else(|| named.clone().filter(|_| kind == "agent"));
    let own = text("toolDisplayName").or_else(|| text("name"));
    let what = match kind.as_str() {
        "llm" | "tts" => text("model"),
        "callback" => text("stage"),
        _ => None,
    };
    let name = own.or(named).or(what).unwrap_or_else(|| span.name.clone());
    let told = span.duration.as_ref().and_then(duration_from_proto);
    let duration = told.map_or_else(
        || seconds_between(span.start_time.as_ref(), span.end_time.as_ref()),
        |duration| Some(duration.as_secs_f64()),
    );
    Span {
        kind,
        name,
        agent,
        within: within.to_vec(),
        duration,
        attributes,
    }
}

/// What comes before the colon of a span's name, as one word: `Fake Tool` and `FakeTool` are `fake_tool`. The root is
/// called by two names (ces-api 2.2).
fn kind_name(written: &str) -> String {
    let mut kind = String::new();
    let mut before = ' ';
    for letter in written.trim().chars() {
        let begins_word = letter.is_uppercase() && before.is_lowercase();
        if (begins_word || !letter.is_alphanumeric()) && !kind.is_empty() && !kind.ends_with('_') {
            kind.push('_');
        }
        if letter.is_alphanumeric() {
            kind.extend(letter.to_lowercase());
        }
        before = letter;
    }
    if kind == "root" { "turn".to_owned() } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words() {
        for (written, kind) in [
            ("LLM", "llm"),
            ("Fake Tool", "fake_tool"),
            ("FakeTool", "fake_tool"),
            ("Turn", "turn"),
            ("root", "turn"),
            (" Callback ", "callback"),
            ("", ""),
        ] {
            assert_eq!(kind_name(written), kind, "{written}");
        }
    }

    #[test]
    fn a_deep_or_wide_trace_has_an_end() {
        let wide = ces::Span {
            child_spans: vec![ces::Span::default(); 5_000],
            ..Default::default()
        };
        assert_eq!(spans(std::iter::once(&wide)).len(), Span::MOST);
        let mut deep = ces::Span::default();
        for _ in 0..100 {
            deep = ces::Span {
                child_spans: vec![deep],
                ..Default::default()
            };
        }
        assert_eq!(spans(std::iter::once(&deep)).len(), DEEPEST + 1);
    }
}
