//! The reference of suites and settings as Markdown: one table for each mapping of the language, and an overview of
//! them all.

use std::fmt::Write as _;

use crate::model::capability::{Group, Key, Shape, Support, VIA};

/// Mappings that are presented together.
struct Chapter {
    heading: &'static str,
    /// What they have in common.
    text: &'static str,
    /// The mappings, each with its heading.
    groups: &'static [(&'static str, Group)],
}

const CHAPTERS: [Chapter; 9] = [
    Chapter {
        heading: "Suites",
        text: "A suite is a YAML file: conversations, and what they have in common. What a suite or the settings give \
               as `defaults`, a conversation may set for itself.",
        groups: &[
            ("A suite", Group::Suite),
            ("`defaults`", Group::Defaults),
            ("A conversation", Group::Conversation),
            ("`start`", Group::Start),
            ("`timeouts`", Group::Timeouts),
            ("`retries`", Group::Retries),
            ("`pass`", Group::Pass),
        ],
    },
    Chapter {
        heading: "Turns",
        text: "A turn has exactly one input (`say`, `event`, `intent`, `dtmf`, `silence`, `audio`, `image`, `blob` or \
               `variables`; files may come with words); everything else stands beside it. In the place of a turn, `use` inserts a step. The columns of the services name \
               the field of their API that carries it; – means that the service has no such thing, and `check` says \
               so.",
        groups: &[
            ("A turn", Group::Turn),
            ("`use`", Group::Use),
            ("`dtmf`", Group::Dtmf),
            ("`audio`", Group::Audio),
            ("`image` and `blob`", Group::Attachment),
            ("`feedback`", Group::Feedback),
            ("`capture`", Group::Capture),
            ("A name", Group::Id),
        ],
    },
    Chapter {
        heading: "What is sent along",
        text: "The keys of `with`: on a turn, or on conversations and `defaults` for every turn.",
        groups: &[
            ("`with`", Group::With),
            ("`session_entity_types`", Group::SessionEntityType),
            ("`remote_dialogflow`", Group::RemoteDialogflow),
            ("`emulator`", Group::Emulator),
            ("`sentiment` of `emulator`", Group::PinnedSentiment),
        ],
    },
    Chapter {
        heading: "What is expected",
        text: "The keys of `expect`, `when` and `every_turn`; the value of most is a matcher (see below). The columns \
               of the services say where each shows what is looked at. What a service can never show (–) is an error \
               of `check`; what it could have shown and did not (“not observable”) makes the turn errored, not \
               failed, unless `required: false` stands beside it.",
        groups: &[
            ("`expect`", Group::Expectation),
            ("`on`", Group::On),
            ("`raw`", Group::Raw),
            ("`audio` of `expect`", Group::AudioExpectation),
            ("`tool_calls`", Group::ToolCalls),
            ("A tool call", Group::Call),
        ],
    },
    Chapter {
        heading: "Matchers",
        text: "A plain value means equality: numbers by value, texts after white space is collapsed, however \
               accented letters are put together. A mapping whose keys are none of these operators means members: \
               each must match, others are ignored. A mapping of operators means all of them. Matchers nest, and \
               mean the same everywhere.",
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
        text: "Stubs answer in the place of tools (`tools`, `answers`), and on the emulator in the place of webhooks \
               (`webhooks`), generators (`generators`) and playbooks (`playbooks`); on other targets the service \
               answers for itself. Below the name of the tool, webhook, generator or playbook stands a list of rules; \
               the first that fits answers. Nothing is ever invented: a call of a tool or webhook that no rule \
               answers fails; a generator without one writes nothing; a playbook without any rules is never entered, \
               and one whose rules do not fit says nothing. The turn's diagnostics tell, and `check` names the \
               generators and playbooks of an emulated agent that no stub answers. Data stores are never asked.",
        groups: &[
            ("A tool's rule", Group::ToolRule),
            ("`when` of a tool", Group::ToolWhen),
            (
                "`respond` of a tool, in the place of a result",
                Group::ToolRespond,
            ),
            ("A webhook's rule", Group::WebhookRule),
            ("`when` of a webhook", Group::WebhookWhen),
            ("`respond` of a webhook", Group::WebhookRespond),
            ("`emulator.webhook`", Group::WebhookAnswer),
            ("A generator's rule", Group::GeneratorRule),
            ("`when` of a generator", Group::GeneratorWhen),
            (
                "`respond` of a generator, in the place of a text",
                Group::GeneratorRespond,
            ),
            ("A playbook's rule", Group::PlaybookRule),
            ("`when` of a playbook", Group::PlaybookWhen),
            ("`respond` of a playbook", Group::PlaybookRespond),
        ],
    },
    Chapter {
        heading: "Settings",
        text: "What applies to all suites, in a file beside or above them.",
        groups: &[
            ("`turnproof.yaml`", Group::Settings),
            ("A profile", Group::Profile),
            ("`redact`", Group::Redact),
        ],
    },
    Chapter {
        heading: "Targets",
        text: "What can be tested, below `targets` of the settings; `backend` says what kind it is.",
        groups: &[
            ("`backend: emulator`", Group::EmulatorTarget),
            ("`backend: cx`", Group::CxTarget),
            ("`backend: ces`", Group::CesTarget),
            ("`audio` of a target", Group::TargetAudio),
            ("`output` of `audio`", Group::TargetSpeech),
            ("`credentials`", Group::Credentials),
            ("`tls`", Group::Tls),
        ],
    },
    Chapter {
        heading: "Transcripts",
        text: "What is said in recordings stands in a file `transcripts.yaml` beside them, by the names of the files; \
               an entry is the text alone, or a mapping. An emulator understands a recording by its transcript, \
               whatever silence is sent before and after it; one without a transcript is a no-match, and the turn's \
               diagnostics say why.",
        groups: &[("An entry", Group::Transcript)],
    },
];

/// The mappings of the overview.
const MOST_WRITTEN: [Group; 14] = [
    Group::Suite,
    Group::Conversation,
    Group::Start,
    Group::Turn,
    Group::With,
    Group::Expectation,
    Group::ToolCalls,
    Group::Operator,
    Group::WebhookRespond,
    Group::Settings,
    Group::Profile,
    Group::EmulatorTarget,
    Group::CxTarget,
    Group::CesTarget,
];

/// Mappings whose keys are all those of another, which the reference explains once.
const REPEATED: [(Group, &str); 2] = [
    (Group::Defaults, "a conversation"),
    (Group::WebhookAnswer, "`respond` of a webhook"),
];

/// The whole reference: a heading of the second level for each chapter, of the third for each mapping.
pub fn reference_markdown() -> String {
    let chapters: Vec<String> = CHAPTERS.iter().map(chapter).collect();
    chapters.join("\n")
}

/// The mappings that people write most, with the names of their keys. The titles link to their tables within `page`,
/// the file that holds the reference.
pub fn overview_markdown(page: &str) -> String {
    let mut text = "| in | keys |\n|---|---|\n".to_owned();
    let groups = CHAPTERS.iter().flat_map(|chapter| chapter.groups);
    for (title, group) in groups.filter(|(_, group)| MOST_WRITTEN.contains(group)) {
        let names: Vec<String> = group.names().iter().map(|name| format!("`{name}`")).collect();
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "| [{title}]({page}#{}) | {} |",
            anchor(title),
            names.join(" ")
        );
    }
    text
}

/// A heading as links name it: lower case, blanks as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn chapter(chapter: &Chapter) -> String {
    let mut parts = vec![format!("## {}\n\n{}\n", chapter.heading, chapter.text)];
    for (title, group) in chapter.groups {
        parts.push(match REPEATED.iter().find(|(repeated, _)| repeated == group) {
            Some((_, whose)) => repeated(title, *group, whose),
            None => table(title, "key", group.keys()),
        });
        if *group == Group::Turn {
            parts.push(table("`via`", "value", VIA));
        }
    }
    parts.join("\n")
}

/// The names of keys that another table explains.
fn repeated(title: &str, group: Group, whose: &str) -> String {
    let names: Vec<String> = group.names().iter().map(|name| format!("`{name}`")).collect();
    format!(
        "### {title}\n\n{}: as in [{whose}](#{}).\n",
        names.join(", "),
        anchor(whose)
    )
}

/// A heading and a table.
fn table(title: &str, first: &str, keys: &[Key]) -> String {
    format!("### {title}\n\n{}", rows(first, keys))
}

/// A table with columns for the services where they differ.
fn rows(first: &str, keys: &[Key]) -> String {
    let by_service = keys
        .iter()
        .any(|key| matches!(key.support, Support::Services { .. }));
    let mut text = if by_service {
        format!("| {first} | meaning | Dialogflow CX | CES |\n|---|---|---|---|\n")
    } else {
        format!("| {first} | meaning |\n|---|---|\n")
    };
    let has_examples = first == "key";
    text.extend(keys.iter().map(|key| row(key, by_service, has_examples)));
    text
}

fn row(key: &Key, by_service: bool, has_examples: bool) -> String {
    let mut meaning = meaning(key);
    if has_examples {
        meaning = format!("{meaning}<br>{}", code(&format!("{}: {}", key.name, key.example)));
    }
    let own = format!("| `{}` | {} |", key.name, cell(&meaning));
    if !by_service {
        return format!("{own}\n");
    }
    let (cx, ces) = services(key);
    format!("{own} {} | {} |\n", cell(cx), cell(ces))
}

fn meaning(key: &Key) -> String {
    let mut meaning = key.doc.to_owned();
    if let Shape::Choice(words) = key.shape
        && words.len() > 1
        && !words.iter().all(|word| key.doc.contains(word))
    {
        meaning = format!("{meaning}; one of `{}`", words.join("`, `"));
    }
    if let Support::Services {
        unobservable: Some(when),
        ..
    } = key.support
    {
        meaning = format!("{meaning}. Not observable {when}");
    }
    if key.required {
        meaning = format!("**Required.** {meaning}");
    }
    meaning
}

/// A text as code; within two backticks when it holds one.
fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
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
