//! `turnproof list`: what would run, after filters, without playing it.

use serde::Serialize;

use super::args::{ListArgs, ListFormat, Origins};
use super::columns::aligned;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::prepare::{Demands, Prepared};
use super::surroundings::Surroundings;
use super::workplace::Workplace;
use crate::redact::{Redact as _, Redactor, clean_terminal_line};
use crate::suite::Entry;

/// The format of the JSON document.
const FORMAT: &str = "turnproof-list/1";

/// A conversation of the list. The names of its members are part of the public interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Listed {
    suite: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
    file: String,
    line: u32,
    tags: Vec<String>,
    target: String,
    /// `text` or `audio`.
    channel: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    conversations: &'a [Listed],
}

pub(super) fn list(
    args: &ListArgs,
    origins: &Origins,
    here: &Surroundings,
    console: Console,
) -> Result<Exit, Failure> {
    let suites = &args.suites;
    let workplace = Workplace::open(suites, here)?;
    let profile = workplace.profile(suites)?;
    let roles = workplace.roles(suites, profile, origins)?;
    let demands = Demands {
        strict: suites.strict,
        filter: args.filter.filter.as_deref(),
        ..Demands::default()
    };
    let prepared = Prepared::read(&workplace, profile, roles, demands)?;
    console.diagnostics(&prepared.warnings)?;
    let selected = prepared.select()?;
    let redactor = &workplace.settings.redactor;
    let listed: Vec<_> = selected
        .iter()
        .map(|position| Listed::new(&prepared.entries[*position], redactor))
        .collect();
    console.print(&match args.format {
        ListFormat::Table => table(&listed),
        ListFormat::Json => json(&listed)?,
    })?;
    Ok(Exit::Success)
}

impl Listed {
    fn new(entry: &Entry, redactor: &Redactor) -> Self {
        let mut listed = Self {
            suite: entry.suite().to_owned(),
            name: entry.name().to_owned(),
            row: entry.row().map(str::to_owned),
            file: entry.path().display().to_string(),
            line: entry.lines().0,
            tags: entry.tags().to_vec(),
            target: entry.target().to_owned(),
            channel: entry.channel().name(),
        };
        listed.name.redact(redactor);
        listed.row.redact(redactor);
        listed
    }
}

/// The conversations below the files they are in.
fn table(listed: &[Listed]) -> String {
    let clean = |text: &str| clean_terminal_line(text).into_owned();
    let of_files: Vec<&[Listed]> = listed.chunk_by(|one, next| one.file == next.file).collect();
    let head = [" line", "conversation", "target", "tags"].map(str::to_owned);
    let rows = listed.iter().map(|one| {
        [
            format!("{:>5}", one.line),
            clean(&one.name),
            clean(&one.target),
            clean(&one.tags.join(", ")),
        ]
    });
    let aligned = aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    let mut lines = aligned.lines();
    let mut text = lines.next().map(|head| format!("{head}\n")).unwrap_or_default();
    for of_file in &of_files {
        text.push_str(&clean(&of_file[0].file));
        text.push('\n');
        text.extend(lines.by_ref().take(of_file.len()).flat_map(|line| [line, "\n"]));
    }
    let count = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
    };
    format!(
        "{text}\n{} in {}\n",
        count(listed.len(), "conversation"),
        count(of_files.len(), "suite")
    )
}

fn json(listed: &[Listed]) -> Result<String, Failure> {
    let document = Document {
        format: FORMAT,
        conversations: listed,
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_place_and_target() {
        let listed = Listed {
            suite: "billing/pay".to_owned(),
            name: "pays\u{1b}[31m".to_owned(),
            file: "suites/billing/pay.yaml".to_owned(),
            line: 7,
            tags: vec!["smoke".to_owned(), "slow".to_owned()],
            target: "flights".to_owned(),
            channel: "text",
            row: None,
        };
        assert_eq!(
            table(&[listed]),
            " line  conversation    target   tags\n\
             suites/billing/pay.yaml\n    7  pays\\u{1b}[31m  flights  smoke, slow\n\
             \n1 conversation in 1 suite\n"
        );
    }
}
