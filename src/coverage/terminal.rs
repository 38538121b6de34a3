//! Coverage for people: the figures, and then what is left to write conversations for, in the order of the agent's
//! flows and pages.
//!
//! What was never entered is one line with what is in it, because a conversation has to get there first; `verbose`
//! shows what is in it, and every entity value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::json::Subject;
use super::{Coverage, Covered, Kind};
use crate::redact::clean_terminal_line;

/// Entity values shown of a type unless everything is wanted.
const SHOWN_VALUES: usize = 8;
/// Cells of a bar.
const BAR: usize = 20;

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether colours may be used.
    pub color: bool,
    /// Columns that a line may take.
    pub width: usize,
    /// Nothing is shortened.
    pub verbose: bool,
}

/// The report. Names come from the export and are made safe for a terminal.
pub fn render(subject: &Subject, coverage: &Coverage, view: View) -> String {
    let mut page = Page {
        text: String::new(),
        view,
    };
    page.head(subject, coverage);
    page.figures(coverage);
    page.untouched(coverage);
    page.text
}

struct Page {
    text: String,
    view: View,
}

impl Page {
    fn head(&mut self, subject: &Subject, coverage: &Coverage) {
        let runs = match subject.runs.as_slice() {
            [one] => format!("the run of {}", moment(&one.started_at)),
            several => format!("{} runs", several.len()),
        };
        let targets = subject.targets.join(", ");
        self.strong(&format!(
            "Coverage of {} by {runs} ({targets})",
            subject.export.path
        ));
        let played = format!(
            "{} in {}",
            count(coverage.turns, "turn"),
            count(subject.conversations, "conversation")
        );
        let line = match &subject.since {
            Some(since) if coverage.only_changes => {
                format!("{played}; only what is new or changed since {}", since.path)
            }
            Some(since) => format!("{played}; everything, as settings differ from {}", since.path),
            None => played,
        };
        self.line(0, &line, Style::new());
        self.end();
    }

    fn figures(&mut self, coverage: &Coverage) {
        if coverage.resources.is_empty() {
            let why = if coverage.only_changes {
                "Nothing that can be touched is new or changed."
            } else {
                "The export holds nothing that can be touched."
            };
            return self.line(0, why, Style::new());
        }
        let of_total = Kind::ALL.into_iter().filter(|kind| kind.is_in_total());
        let others = Kind::ALL.into_iter().filter(|kind| !kind.is_in_total());
        for kind in of_total {
            self.figure(&kind.plural(), coverage, Some(kind), "");
        }
        self.figure("total", coverage, None, "");
        for kind in others {
            self.figure(&kind.plural(), coverage, Some(kind), "  not in the total");
        }
    }

    fn figure(&mut self, name: &str, coverage: &Coverage, kind: Option<Kind>, remark: &str) {
        let figure = coverage.figure(kind);
        let Some(percent) = figure.percent() else { return };
        let cells = figure.touched * BAR / figure.of.max(1);
        let bar = format!("{}{}", "█".repeat(cells), "░".repeat(BAR - cells));
        let style = match (figure.touched, figure.of) {
            (touched, of) if touched == of => colored(AnsiColor::Green),
            (0, _) => colored(AnsiColor::Red),
            _ => colored(AnsiColor::Yellow),
        };
        let numbers = format!("{:>5} of {:<5}{percent:>5.1} %  ", figure.touched, figure.of);
        let emphasis = if kind.is_none() {
            Style::new().bold()
        } else {
            Style::new()
        };
        self.push("  ", Style::new());
        self.push(&format!("{name:<16}{numbers}"), emphasis);
        self.push(&bar, style);
        self.push(remark, Style::new().dimmed());
        self.end();
    }

    fn untouched(&mut self, coverage: &Coverage) {
        let left: Vec<&Covered> = coverage
            .resources
            .iter()
            .filter(|covered| !covered.is_touched())
            .collect();
        if left.is_empty() {
            if !coverage.resources.is_empty() {
                self.end();
                self.line(0, "Everything was touched.", Style::new());
            }
            return;
        }
        let mut flows: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        let mut groups: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for covered in &left {
            let resource = &covered.resource;
            match (&resource.flow, &resource.group) {
                (Some(flow), _) => flows.entry(flow).or_default().push(covered),
                (None, Some(group)) => groups.entry(group).or_default().push(covered),
                (None, None) => {}
            }
        }
        self.end();
        self.strong("Not touched");
        for (name, of_flow) in flows {
            self.flow(coverage, name, &of_flow);
        }
        for (name, of_group) in groups {
            self.end();
            self.group(0, "Route group", name, &of_group);
        }
        self.names("Intents", Kind::Intent, &left);
        self.names("Webhooks", Kind::Webhook, &left);
        self.entity_values(&left);
    }

    fn flow(&mut self, coverage: &Coverage, name: &str, of_flow: &[&Covered]) {
        self.end();
        let is_entered = coverage.entered.contains(&(name.to_owned(), None));
        if !self.place(0, "Flow", name, is_entered, of_flow, Kind::Flow) {
            return;
        }
        let of_pages = |covered: &&&Covered| covered.resource.page.is_some();
        let own: Vec<&Covered> = of_flow
            .iter()
            .filter(|covered| !of_pages(covered))
            .copied()
            .collect();
        self.handlers(1, &own);
        let mut groups: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for covered in &own {
            if let Some(group) = &covered.resource.group {
                groups.entry(group).or_default().push(covered);
            }
        }
        for (group, of_group) in groups {
            self.group(1, "route group", group, &of_group);
        }
        let mut pages: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for covered in of_flow {
            if let Some(page) = &covered.resource.page {
                pages.entry(page).or_default().push(covered);
            }
        }
        for (page, of_page) in pages {
            let is_entered = coverage
                .entered
                .contains(&(name.to_owned(), Some(page.to_owned())));
            if self.place(1, "page", page, is_entered, &of_page, Kind::Page) {
                self.handlers(2, &of_page);
            }
        }
    }

    /// The line of a flow or page; returns whether what is in it follows.
    fn place(
        &mut self,
        depth: usize,
        what: &str,
        name: &str,
        entered: bool,
        inside: &[&Covered],
        kind: Kind,
    ) -> bool {
        let own = inside.iter().find(|covered| covered.resource.kind == kind);
        let mut remarks = Vec::new();
        if !entered {
            remarks.push("never entered".to_owned());
        }
        remarks.extend(own.and_then(|own| own.resource.orphan).map(str::to_owned));
        remarks.extend(
            own.and_then(|own| own.change)
                .map(|change| change.name().to_owned()),
        );
        let is_open = entered || self.view.verbose;
        if !is_open {
            remarks.extend(contents(inside, kind));
            remarks.extend(common_note(inside));
        }
        self.heading(depth, what, name, &remarks);
        is_open
    }

    /// The name of a place that holds others, and what is to be said of it.
    fn heading(&mut self, depth: usize, what: &str, name: &str, remarks: &[String]) {
        let style = if depth == 0 {
            Style::new().bold()
        } else {
            Style::new()
        };
        self.push(&"  ".repeat(depth), Style::new());
        self.push(&format!("{what} {}", clean(name)), style);
        if !remarks.is_empty() {
            self.push(&format!("  {}", remarks.join("; ")), Style::new().dimmed());
        }
        self.end();
    }

    fn group(&mut self, depth: usize, what: &str, name: &str, of_group: &[&Covered]) {
        let own = of_group
            .iter()
            .find(|covered| covered.resource.kind == Kind::RouteGroup);
        let routes: Vec<&Covered> = of_group
            .iter()
            .filter(|covered| covered.resource.kind == Kind::Route)
            .copied()
            .collect();
        let mut remarks = Vec::new();
        if let Some(own) = own {
            remarks.push("no route of it was called".to_owned());
            remarks.extend(own.resource.orphan.map(str::to_owned));
            remarks.extend(own.change.map(|change| change.name().to_owned()));
        }
        self.heading(depth, what, name, &remarks);
        for route in routes {
            self.resource(depth + 1, "route", route);
        }
    }

    /// Routes, form parameters and event handlers that stand in this very place.
    fn handlers(&mut self, depth: usize, inside: &[&Covered]) {
        for (kind, word) in [
            (Kind::Route, "route"),
            (Kind::FormParameter, "parameter"),
            (Kind::EventHandler, "event"),
        ] {
            let of_kind = inside.iter().filter(|covered| covered.resource.kind == kind);
            for covered in of_kind.filter(|covered| covered.resource.group.is_none()) {
                self.resource(depth, word, covered);
            }
        }
    }

    fn resource(&mut self, depth: usize, word: &str, covered: &Covered) {
        let resource = &covered.resource;
        let mut text = match &resource.parameter {
            Some(parameter) => format!("{} of parameter {parameter}", resource.name),
            None => resource.name.clone(),
        };
        if let Some(target) = &resource.target {
            // Writing to a text does not fail.
            let _ = write!(text, " → {target}");
        }
        let remarks: Vec<&str> = covered
            .note()
            .into_iter()
            .chain(covered.change.map(super::Change::name))
            .collect();
        let remarks = if remarks.is_empty() {
            String::new()
        } else {
            format!("  {}", remarks.join("; "))
        };
        let taken = 2 * depth + 10 + remarks.width();
        let text = self.fit(&clean(&text), taken);
        self.push(&"  ".repeat(depth), Style::new());
        self.push(&format!("{word:<10}"), Style::new().dimmed());
        self.push(&text, Style::new());
        self.push(&remarks, Style::new().dimmed());
        self.end();
    }

    /// Names side by side, those that nothing leads to apart.
    fn names(&mut self, title: &str, kind: Kind, left: &[&Covered]) {
        let of_kind: Vec<_> = left
            .iter()
            .filter(|covered| covered.resource.kind == kind)
            .collect();
        if of_kind.is_empty() {
            return;
        }
        self.end();
        self.strong(title);
        let mut by_note: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for covered in of_kind {
            let change = covered
                .change
                .map(|change| format!(" ({})", change.name()))
                .unwrap_or_default();
            let name = format!("{}{change}", clean(&covered.resource.name));
            by_note.entry(covered.resource.orphan).or_default().push(name);
        }
        for (note, names) in by_note {
            let lead = note.map(|note| format!("{note}: ")).unwrap_or_default();
            self.list(1, &lead, &names);
        }
    }

    fn entity_values(&mut self, left: &[&Covered]) {
        let mut types: BTreeMap<&str, Vec<&Covered>> = BTreeMap::new();
        for covered in left {
            if let Some(entity_type) = &covered.resource.entity_type {
                types.entry(entity_type).or_default().push(covered);
            }
        }
        if types.is_empty() {
            return;
        }
        self.end();
        self.strong("Entity values");
        for (entity_type, values) in types {
            // For one value more the line would not become shorter.
            let is_short = self.view.verbose || values.len() <= SHOWN_VALUES + 1;
            let shown = if is_short { values.len() } else { SHOWN_VALUES };
            let mut names: Vec<String> = values
                .iter()
                .take(shown)
                .map(|value| clean(&value.resource.name))
                .collect();
            if !is_short {
                names.push(format!("and {} more", values.len() - shown));
            }
            let orphan = values.first().and_then(|value| value.resource.orphan);
            let remark = orphan.map(|orphan| format!(" ({orphan})")).unwrap_or_default();
            self.list(1, &format!("{}{remark}: ", clean(entity_type)), &names);
        }
    }

    /// Names with commas between them, wrapped.
    fn list(&mut self, depth: usize, lead: &str, names: &[String]) {
        let indent = "  ".repeat(depth);
        let mut line = format!("{indent}{lead}");
        for (position, name) in names.iter().enumerate() {
            let comma = if position + 1 < names.len() { "," } else { "" };
            let is_first = position == 0;
            if !is_first && line.width() + 1 + name.width() + comma.len() > self.view.width {
                self.push(&line, Style::new());
                self.end();
                line = "  ".repeat(depth + 1);
            } else if !is_first {
                line.push(' ');
            }
            line.push_str(name);
            line.push_str(comma);
        }
        self.push(&line, Style::new());
        self.end();
    }

    fn strong(&mut self, text: &str) {
        self.line(0, text, Style::new().bold());
    }

    fn line(&mut self, depth: usize, text: &str, style: Style) {
        self.push(&"  ".repeat(depth), Style::new());
        self.push(&clean(text), style);
        self.end();
    }

    fn push(&mut self, text: &str, style: Style) {
        if !self.view.color || style == Style::new() || text.is_empty() {
            self.text.push_str(text);
        } else {
            // Writing to a text does not fail.
            let _ = write!(self.text, "{style}{text}{style:#}");
        }
    }

    /// Ends the line. In a log of GitHub Actions a line that begins with `::` is a command; a name must not become one.
    fn end(&mut self) {
        let start = self.text.rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..];
        let indent = line.len() - line.trim_start().len();
        if line[indent..].starts_with("::") {
            self.text.insert(start + indent, '\\');
        }
        self.text.push('\n');
    }

    /// The text cut to what is left of a line.
    fn fit(&self, text: &str, taken: usize) -> String {
        let room = self.view.width.saturating_sub(taken).max(20);
        if self.view.verbose || text.width() <= room {
            return text.to_owned();
        }
        let mut cut = String::new();
        let mut width = 1;
        for character in text.chars() {
            width += character.width().unwrap_or_default();
            if width > room {
                break;
            }
            cut.push(character);
        }
        format!("{}…", cut.trim_end())
    }
}

fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into()))
}

fn clean(text: &str) -> String {
    clean_terminal_line(text).into_owned()
}

/// What is in a place that was never entered: `3 routes, 1 event handler`.
fn contents(inside: &[&Covered], but: Kind) -> Option<String> {
    let counts = Kind::ALL
        .into_iter()
        .filter(|kind| *kind != but)
        .filter_map(|kind| {
            let many = inside
                .iter()
                .filter(|covered| covered.resource.kind == kind)
                .count();
            (many > 0).then(|| count(many as u64, kind.noun()))
        });
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| format!("with {}", counts.join(", ")))
}

/// Why none of all this was touched, where that is one reason.
fn common_note(inside: &[&Covered]) -> Option<String> {
    let (first, others) = inside.split_first()?;
    let note = first.note()?;
    let is_common = others.iter().all(|covered| covered.note() == Some(note));
    is_common.then(|| note.to_owned())
}

fn count(many: u64, noun: &str) -> String {
    match many {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// `2026-03-02 10:00 UTC` of `2026-03-02T10:00:00.000Z`; other texts stay as they are.
fn moment(text: &str) -> String {
    match (text.split_once('T'), text.ends_with('Z')) {
        (Some((day, time)), true) => {
            let time: String = time.chars().take(5).collect();
            format!("{day} {time} UTC")
        }
        _ => text.to_owned(),
    }
}
