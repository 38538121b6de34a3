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
        ("app", "the app's display name; required"),
        ("root", "the agent that answers first; the first one unless set"),
        (
            "time_zone",
            "IANA time zone of `today`, `tomorrow` and `now` for sessions that name none; UTC unless set",
        ),
        (
            "variables",
            "variables of the session and their first values; null for none yet",
        ),
        ("tools", "tools by display name, or by `toolset/tool`"),
        ("agents", "agents by display name; required"),
        (
            "otherwise",
            "steps of every agent that has no rule that fits and no `otherwise` of its own",
        ),
    ],
};

/// A tool.
pub const TOOL: Table = Table {
    title: "a tool",
    keys: &[
        (
            "run_by",
            "`client`: the program at the other end is asked to run it; `server` (unless set): the script answers",
        ),
        ("answers", "answers of a server's tool, the first that fits"),
        ("fake", "the answer while tool fakes are switched on"),
    ],
};

/// An answer of a tool.
pub const ANSWER: Table = Table {
    title: "an answer",
    keys: &[
        ("when", "conditions over the arguments; always unless set"),
        ("respond", "the answer; `{ error: … }` is an error; required"),
    ],
};

/// An agent.
pub const AGENT: Table = Table {
    title: "an agent",
    keys: &[
        ("rules", "what it does; the first rule that fits is played"),
        ("otherwise", "steps for what the user does when no rule fits"),
    ],
};

/// A rule.
pub const RULE: Table = Table {
    title: "a rule",
    keys: &[
        (
            "when",
            "what makes it fit; anything that the user does unless set",
        ),
        ("do", "its steps, in order; required"),
    ],
};

/// The conditions of a rule.
pub const WHEN: Table = Table {
    title: "`when`",
    keys: &[
        (
            "says",
            "the user's text is this, or one of these; case, punctuation and white space do not count",
        ),
        (
            "matches",
            "a regular expression found in the user's text; its named groups are names for templates",
        ),
        ("event", "the user's event has this name, or one of these"),
        ("dtmf", "the user pressed these keys, or one of these sequences"),
        ("result", "this tool has answered, and its call was the last step"),
        ("response", "beside `result`: what the answer is like"),
        (
            "transfer",
            "`true`: the conversation was just handed to this agent, and that was the last step",
        ),
        (
            "variables",
            "conditions over variables, beside any of the others or alone",
        ),
    ],
};

/// A step: exactly one of these, and what belongs to it.
pub const STEP: Table = Table {
    title: "a step",
    keys: &[
        (
            "say",
            "a text, a list of texts said one by one, or `{ one_of: […] }`",
        ),
        ("set", "variables and their new values"),
        (
            "call",
            "calls a tool; its answer is known to later steps by the tool's name: `{{ lookup_order.status }}`",
        ),
        ("args", "beside `call`: the arguments"),
        (
            "respond",
            "beside `call` of a server's tool: the answer to this very call",
        ),
        (
            "by_callback",
            "beside `call`: `true` for a call that only the spans tell of",
        ),
        (
            "transfer",
            "hands the conversation to another agent, which plays the remaining steps",
        ),
        ("payload", "sends a custom payload"),
        ("end", "ends the session: `true`, or metadata"),
    ],
};

/// The choice of a step that says one of several texts.
pub const ONE_OF: Table = Table {
    title: "`say`",
    keys: &[(
        "one_of",
        "texts of which one is said; which one is up to the seed and the turn",
    )],
};

/// Operators of conditions; they mean what they mean in suites.
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
pub const TABLES: [&Table; 8] = [&APP, &TOOL, &ANSWER, &AGENT, &RULE, &WHEN, &STEP, &ONE_OF];

/// The format's reference, as Markdown.
pub fn reference() -> String {
    let mut text = String::new();
    for table in TABLES {
        let _ = writeln!(text, "In {}:\n\n| key | meaning |\n|---|---|", table.title);
        for (name, meaning) in table.keys {
            let _ = writeln!(text, "| `{name}` | {} |", meaning.replace('|', "\\|"));
        }
        text.push('\n');
    }
    let operators: Vec<String> = OPERATORS.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(
        text,
        "A condition is a value, members that are conditions again, or an operator as in suites: {}. \
         `{{{{ name }}}}` in a text is a variable, a named group of `matches`, the answer of a tool, `input` (what the \
         user said), `today`, `tomorrow` or `now`; a value that is one template alone keeps its type, and `{{{{ name | number }}}}` makes a number of a text.",
        operators.join(", ")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
