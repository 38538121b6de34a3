//! Every key of the app format: what may stand where, and what it means. The reader knows no others, and the
//! reference is made from the same tables.

use std::fmt::Write as _;

/// The keys of one kind of mapping.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The mapping, with its article.
    pub title: &'static str,
    /// Each key and what it means.
    pub keys: &'static [(&'static str, &'static str)],
}

impl Table {
    /// The keys alone.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|(name, _)| *name).collect()
    }
}

/// The file.
pub const APP: Table = Table {
    title: "an app",
    keys: &[
        ("app", "**Required.** The app's display name"),
        (
            "root",
            "The agent that answers first; the first of `agents` unless set",
        ),
        (
            "time_zone",
            "The time zone of `today`, `tomorrow` and `now`, by its IANA name, for sessions that name none; UTC unless set",
        ),
        (
            "variables",
            "The session's variables, with their first values; null for one that has none yet",
        ),
        ("tools", "The tools, by display name or `toolset/tool`"),
        ("agents", "**Required.** The agents, by display name"),
        (
            "otherwise",
            "Steps for what the user does when no rule fits, for agents without an `otherwise` of their own",
        ),
    ],
};

/// A tool.
pub const TOOL: Table = Table {
    title: "a tool",
    keys: &[
        (
            "run_by",
            "`client`: the other end of the session is asked to run it; `server`, which is meant unless set: the script answers",
        ),
        (
            "answers",
            "The answers of a tool that the server runs; the first that fits is given, and a tool without any answers with nothing",
        ),
        ("fake", "The answer for sessions that ask for tool fakes"),
    ],
};

/// An answer of a tool.
pub const ANSWER: Table = Table {
    title: "an answer",
    keys: &[
        ("when", "What the arguments are like; anything unless set"),
        ("respond", "**Required.** The answer; `{ error: … }` is an error"),
    ],
};

/// An agent.
pub const AGENT: Table = Table {
    title: "an agent",
    keys: &[
        ("rules", "What the agent does; the first rule that fits is played"),
        ("otherwise", "Steps for what the user does when no rule fits"),
    ],
};

/// A rule.
pub const RULE: Table = Table {
    title: "a rule",
    keys: &[
        (
            "when",
            "What makes it fit; anything that the user does unless set",
        ),
        ("do", "**Required.** Its steps, in order"),
    ],
};

/// The conditions of a rule.
pub const WHEN: Table = Table {
    title: "`when`",
    keys: &[
        (
            "says",
            "The user's text is this, or one of these; case, punctuation and white space do not count",
        ),
        (
            "matches",
            "A regular expression that is found in the user's text; templates can name its named groups",
        ),
        ("event", "The user's event has this name, or one of these"),
        ("dtmf", "The user pressed these keys, or one of these sequences"),
        (
            "image",
            "The user shows a picture: `true` for any, or MIME types and beginnings of SHA-256, one or a list; a file that no rule is about is left to what comes after it in the same turn",
        ),
        ("blob", "The user hands over another file: as `image`"),
        (
            "result",
            "This tool has answered; looked at when the steps that called it are done",
        ),
        ("response", "Beside `result`: what the tool's answer is like"),
        (
            "transfer",
            "`true`: the conversation was handed to this agent; looked at when the steps that did so are done",
        ),
        (
            "variables",
            "What variables are like; beside any of the others, or alone",
        ),
    ],
};

/// A step: exactly one of these, and what belongs to it.
pub const STEP: Table = Table {
    title: "a step",
    keys: &[
        (
            "say",
            "Says a text, a list of texts one by one, or `{ one_of: […] }`",
        ),
        ("set", "Sets variables to new values"),
        (
            "call",
            "Calls a tool; later steps know its answer by the tool's name: `{{ lookup_order.status }}`",
        ),
        ("args", "Beside `call`: the arguments"),
        (
            "respond",
            "Beside `call` of a tool that the server runs: the answer to this very call",
        ),
        (
            "by_callback",
            "Beside `call`: `true` for a call that a callback makes, which only the spans of the diagnostics show",
        ),
        (
            "transfer",
            "Hands the conversation to another agent, which plays the remaining steps",
        ),
        ("payload", "Sends a custom payload"),
        ("cite", "Names a source of what was said, or a list of them"),
        ("suggest", "Proposes a search of the web, or a list of them"),
        ("end", "Ends the session: `true`, or metadata of the end"),
    ],
};

/// The choice of a step that says one of several texts.
pub const ONE_OF: Table = Table {
    title: "`say`",
    keys: &[(
        "one_of",
        "Texts of which one is said; which one depends on the seed and the turn",
    )],
};

/// A source.
pub const CITATION: Table = Table {
    title: "`cite`",
    keys: &[
        ("uri", "Where the source is"),
        ("title", "What it is called"),
        ("text", "**Required.** The words that are referred to"),
        (
            "requires_attribution",
            "`true`: whoever shows the answer has to name the source",
        ),
    ],
};

/// A search of the web.
pub const SUGGESTION: Table = Table {
    title: "`suggest`",
    keys: &[
        ("query", "**Required.** What to search for"),
        ("uri", "Where the results are"),
    ],
};

/// Operators of conditions: those of suites that a script needs, with the same meaning. The others are refused, so
/// that none is taken for a member.
pub const OPERATORS: [&str; 16] = [
    "equals",
    "contains",
    "icontains",
    "starts_with",
    "ends_with",
    "matches",
    "any_of",
    "all_of",
    "not",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "absent",
    "present",
];

/// All tables, in the order of a file.
pub const TABLES: [&Table; 10] = [
    &APP,
    &TOOL,
    &ANSWER,
    &AGENT,
    &RULE,
    &WHEN,
    &STEP,
    &ONE_OF,
    &CITATION,
    &SUGGESTION,
];

/// The format's reference as Markdown, with a heading of the third level for each mapping.
pub fn reference() -> String {
    let mut text = String::new();
    for table in TABLES {
        let _ = writeln!(
            text,
            "### {}\n\n| key | meaning |\n|---|---|",
            heading(table.title)
        );
        for (name, meaning) in table.keys {
            let _ = writeln!(text, "| `{name}` | {} |", meaning.replace('|', "\\|"));
        }
        text.push('\n');
    }
    let operators: Vec<String> = OPERATORS.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(
        text,
        "What a value is like is said by a value that it equals, by members that are conditions again, or by an \
         operator that means what it means in suites: {}.\n\n\
         `{{{{ name }}}}` in a text is a variable, a named group of `matches`, the answer of a tool, `input` (what the \
         user said, or the type of a file), `today`, `tomorrow` or `now`. A value that is one template alone keeps its type, and \
         `{{{{ name | number }}}}` makes a number of a text.",
        operators.join(", ")
    );
    text
}

/// A title as it stands above a table.
fn heading(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::capability::Group;

    #[test]
    fn operators_are_operators_of_suites() {
        for name in OPERATORS {
            assert!(Group::Operator.key(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_reference_names_every_key_once_per_table() {
        let reference = reference();
        for table in TABLES {
            let mut names = table.names();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", table.title);
            for name in names {
                assert!(reference.contains(&format!("| `{name}` |")), "{name}");
            }
        }
        assert!(reference.contains("`{{ name }}`"));
    }
}
