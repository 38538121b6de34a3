//! The reference of README: one table for each mapping of the language.

use crate::model::capability::{Group, Key, Shape, Support, VIA};

/// Mappings that are presented together.
struct Chapter {
    heading: &'static str,
    /// What they have in common.
    text: &'static str,
    /// The mappings, with what each is called.
    groups: &'static [(&'static str, Group)],
}

const CHAPTERS: [Chapter; 8] = [
    Chapter {
        heading: "Suites",
        text: "A suite file is a mapping.",
        groups: &[
            ("A suite", Group::Suite),
            ("`defaults`", Group::Defaults),
            ("A conversation", Group::Conversation),
            ("`start`", Group::Start),
        ],
    },
    Chapter {
        heading: "Turns",
        text: "A turn has exactly one input; the rest stands beside it.",
        groups: &[
            ("A turn", Group::Turn),
            ("The use of a step", Group::Use),
            ("`dtmf`", Group::Dtmf),
            ("A capture", Group::Capture),
        ],
    },
    Chapter {
        heading: "What goes along",
        text: "The keys of `with`.",
        groups: &[
            ("`with`", Group::With),
            ("A session entity type", Group::SessionEntityType),
            ("`remote_dialogflow`", Group::RemoteDialogflow),
            ("`emulator`", Group::Emulator),
        ],
    },
    Chapter {
        heading: "What is expected",
        text: "The keys of `expect`, `when` and `every_turn`, and where each service shows what they look at. What a \
               service can never show is an error of `check`; what it could have shown but did not makes the turn \
               errored.",
        groups: &[
            ("`expect`", Group::Expectation),
            ("`raw`", Group::Raw),
            ("`tool_calls`", Group::ToolCalls),
            ("A tool call", Group::Call),
        ],
    },
    Chapter {
        heading: "Matchers",
        text: "A plain value means equality: numbers by value, text after collapsing white space. A mapping of members \
               means these members, others ignored. A mapping of operators means all of them.",
        groups: &[
            ("Operators", Group::Operator),
            ("`approx`", Group::Approx),
            ("`similar`", Group::Similar),
            ("`wer`", Group::Wer),
            ("`date`", Group::Date),
        ],
    },
    Chapter {
        heading: "Stubs",
        text: "Lists of rules by tool or webhook; the first rule that fits answers.",
        groups: &[
            ("A tool's rule", Group::ToolRule),
            ("`respond` of a tool, where it is no result", Group::ToolRespond),
            ("A webhook's rule", Group::WebhookRule),
            ("`when` of a webhook", Group::WebhookWhen),
            ("`respond` of a webhook", Group::WebhookRespond),
        ],
    },
    Chapter {
        heading: "Settings",
        text: "The keys of `turnproof.yaml`.",
        groups: &[("Settings", Group::Settings), ("A profile", Group::Profile)],
    },
    Chapter {
        heading: "Targets",
        text: "What can be tested.",
        groups: &[
            ("`backend: emulator`", Group::EmulatorTarget),
            ("`backend: cx`", Group::CxTarget),
            ("`backend: ces`", Group::CesTarget),
            ("`credentials`", Group::Credentials),
        ],
    },
];

/// The whole reference, as Markdown below headings of the third level.
pub fn reference_markdown() -> String {
    let chapters: Vec<String> = CHAPTERS.iter().map(chapter).collect();
    chapters.join("\n")
}

fn chapter(chapter: &Chapter) -> String {
    let mut parts = vec![format!("### {}\n\n{}\n", chapter.heading, chapter.text)];
    for (title, group) in chapter.groups {
        parts.push(table(title, group.keys()));
        if *group == Group::Turn {
            parts.push(table("`via`", VIA));
        }
    }
    parts.join("\n")
}

/// A table with columns for the services where they differ.
fn table(title: &str, keys: &[Key]) -> String {
    let by_service = keys
        .iter()
        .any(|key| matches!(key.support, Support::Services { .. }));
    let head = if by_service {
        "| key | meaning | Dialogflow CX | CES |\n|---|---|---|---|\n"
    } else {
        "| key | meaning |\n|---|---|\n"
    };
    let rows: Vec<String> = keys.iter().map(|key| row(key, by_service)).collect();
    format!("**{title}**\n\n{head}{}", rows.concat())
}

fn row(key: &Key, by_service: bool) -> String {
    let own = format!("| `{}` | {} |", key.name, meaning(key));
    if !by_service {
        return format!("{own}\n");
    }
    let (cx, ces) = services(key);
    format!("{own} {} | {} |\n", cell(cx), cell(ces))
}

fn meaning(key: &Key) -> String {
    let mut meaning = key.doc.to_owned();
    if key.required {
        meaning += " (required)";
    }
    if let Shape::Choice(words) = key.shape
        && words.len() > 1
        && !words.iter().all(|word| key.doc.contains(word))
    {
        meaning = format!("{meaning}: `{}`", words.join("`, `"));
    }
    if let Support::Services {
        unobservable: Some(when),
        ..
    } = key.support
    {
        meaning = format!("{meaning}. Not observable: {when}");
    }
    cell(&meaning)
}

fn services(key: &Key) -> (&'static str, &'static str) {
    match key.support {
        Support::Own => ("", ""),
        Support::Services { cx, ces, .. } => (cx.unwrap_or("–"), ces.unwrap_or("–")),
    }
}

/// A text within a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
