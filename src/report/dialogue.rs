//! An attempt as the conversation it was: who said what, the turn that went wrong marked, what differs under it.
//! The terminal, JUnit bodies and JUnit transcripts are this text in different looks.

use anstyle::Style;

use super::difference;
use super::headline::{self, spoken};
use super::style::{Canvas, Piece, clean, inline, one_line};
use crate::model::outcome::{Attempt, Checked, Outcome, PlayedTurn, ReplyRecord, Sent};
use crate::model::transcript::{CallSource, ToolCall};
use crate::model::{Map, Value};

/// How much of an attempt is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Extent {
    /// What differs, under its turn; without it the text is a transcript.
    pub(super) differences: bool,
    /// Leave out long texts' middles, and turns far from one that went wrong.
    pub(super) shortened: bool,
    /// What each turn was understood as; otherwise only turns that went wrong say so.
    pub(super) every_match: bool,
    /// Under a turn without expectations, those that would hold.
    pub(super) suggest_missing: bool,
}

impl Extent {
    /// Everything that was said and nothing else.
    pub(super) const TRANSCRIPT: Self = Self {
        differences: false,
        shortened: false,
        every_match: true,
        suggest_missing: false,
    };
    /// Everything that was said, and what differs.
    pub(super) const WHOLE: Self = Self {
        differences: true,
        shortened: false,
        every_match: false,
        suggest_missing: false,
    };
}

/// Lines of one text shown when it is shortened.
const MOST_LINES: usize = 12;
/// Passing turns shown before and after one that went wrong, when shortened.
const TURNS_BEFORE: usize = 3;
const TURNS_AFTER: usize = 1;
/// Columns of the number and the mark before each turn.
const NUMBER_WIDTH: usize = 3;

/// Writes an attempt's turns, the expectations about the whole conversation, and its error.
pub(super) fn write(canvas: &mut Canvas, attempt: &Attempt, file: &str, extent: Extent) {
    let mut left_out = 0;
    for (at, turn) in attempt.turns.iter().enumerate() {
        if extent.shortened && !is_near_trouble(attempt, at) {
            left_out += 1;
            continue;
        }
        write_gap(canvas, &mut left_out);
        let before = attempt.turns[..at]
            .iter()
            .rev()
            .find_map(|turn| turn.reply.as_ref());
        write_turn(
            canvas,
            turn,
            before.and_then(|reply| reply.parameters.as_ref()),
            extent,
        );
    }
    write_gap(canvas, &mut left_out);
    if extent.differences {
        write_whole(canvas, attempt, file, extent);
        write_error(canvas, attempt, extent);
    }
}

/// Whether a turn is worth showing in a shortened text: it, or one close to it, went wrong; or it is the last one
/// of an attempt that ended early or went wrong as a whole.
fn is_near_trouble(attempt: &Attempt, at: usize) -> bool {
    let from = at.saturating_sub(TURNS_AFTER);
    let to = (at + TURNS_BEFORE + 1).min(attempt.turns.len());
    let at_the_end = at + TURNS_BEFORE >= attempt.turns.len();
    let whole_matters = attempt.error.is_some() || !attempt.turns.iter().any(headline::is_bad);
    attempt.turns[from..to].iter().any(headline::is_bad) || (at_the_end && whole_matters)
}

fn write_gap(canvas: &mut Canvas, left_out: &mut u64) {
    if *left_out > 0 {
        let turns = super::style::counted(*left_out, "turn");
        let text = format!("{:>width$} ⋮ {turns} not shown", "", width = NUMBER_WIDTH + 1);
        canvas.line(&[Piece::new(text, canvas.palette.faint)]);
        *left_out = 0;
    }
}

/// What stands before the rows of a turn.
struct Margin<'a> {
    first: Vec<Piece<'a>>,
    rest: Vec<Piece<'a>>,
}

impl Margin<'_> {
    fn of(canvas: &Canvas, turn: &PlayedTurn, marked: bool) -> Self {
        let (mark, style) = if marked {
            ("✗", canvas.palette.bad)
        } else {
            (" ", Style::new())
        };
        let bar = Piece::new(
            " │ ",
            if marked {
                canvas.palette.bad
            } else {
                canvas.palette.faint
            },
        );
        let number = format!("{:>NUMBER_WIDTH$}", turn.index);
        Self {
            first: vec![
                Piece::new(mark, style),
                Piece::new(number, canvas.palette.faint),
                bar.clone(),
            ],
            rest: vec![Piece::plain(" ".repeat(NUMBER_WIDTH + 1)), bar],
        }
    }

    /// Writes a text of one speaker.
    fn speech(&mut self, canvas: &mut Canvas, speaker: &str, speaker_style: Style, text: &str, style: Style) {
        let name = Piece::new(format!("{speaker:<7}"), speaker_style);
        let mut first = std::mem::replace(&mut self.first, self.rest.clone());
        first.push(name);
        let mut rest = self.rest.clone();
        rest.push(Piece::plain(" ".repeat(7)));
        canvas.flow(&first, &rest, &[Piece::new(text, style)]);
    }
}

fn write_turn(canvas: &mut Canvas, turn: &PlayedTurn, before: Option<&Map>, extent: Extent) {
    let palette = canvas.palette;
    let bad = headline::is_bad(turn);
    let mut margin = Margin::of(canvas, turn, bad && extent.differences);
    margin.speech(
        canvas,
        "user",
        palette.user,
        &clean(&input(&turn.input)),
        Style::new(),
    );
    if let Some(reason) = &turn.skipped {
        let text = format!("not played: {}", clean(reason));
        return margin.speech(canvas, "", palette.faint, &text, palette.faint);
    }
    if let Some(heard) = turn.reply.as_ref().and_then(|reply| reply.transcript.as_ref()) {
        let text = match heard.as_str() {
            "" => "(nothing was heard)".to_owned(),
            heard => format!("heard: {}", clean(heard)),
        };
        margin.speech(canvas, "", palette.faint, &text, palette.faint);
    }
    for call in &turn.calls {
        margin.speech(
            canvas,
            "tool",
            palette.faint,
            &call_line(call, extent),
            palette.faint,
        );
    }
    match &turn.reply {
        Some(reply) => write_reply(canvas, &mut margin, reply, extent, bad),
        None if turn.sent == Sent::No => {
            margin.speech(canvas, "", palette.faint, "(not sent)", palette.faint);
        }
        None => margin.speech(canvas, "agent", palette.strong, "(no answer)", palette.faint),
    }
    if !extent.differences {
        return;
    }
    if let Some(used_at) = &turn.used_at {
        let text = format!(
            "{}:{}, used at {}",
            inline(&turn.file),
            turn.line,
            inline(used_at)
        );
        margin.speech(canvas, "step", palette.faint, &text, palette.faint);
    }
    for failure in &turn.failures {
        difference::write_failure(
            canvas,
            &margin.rest,
            failure,
            &format!("{}:{}", turn.file, turn.line),
        );
    }
    difference::write_all(
        canvas,
        &margin.rest,
        &turn.expectations,
        &turn.file,
        extent.shortened,
    );
    let asked_for = extent.suggest_missing && turn.expectations.is_empty();
    if turn
        .expectations
        .iter()
        .any(|checked| checked.outcome == Outcome::Failed)
        || asked_for
    {
        difference::write_suggestion(canvas, &margin.rest, turn, before);
    }
}

fn write_reply(canvas: &mut Canvas, margin: &mut Margin<'_>, reply: &ReplyRecord, extent: Extent, bad: bool) {
    let palette = canvas.palette;
    let speaker = palette.strong;
    for text in &reply.texts {
        let text = clean(text.trim());
        let shown = if extent.shortened {
            first_lines(&text, MOST_LINES)
        } else {
            text.into_owned()
        };
        let shown = if shown.is_empty() {
            "(blank)".to_owned()
        } else {
            shown
        };
        margin.speech(canvas, "agent", speaker, &shown, Style::new());
    }
    for payload in &reply.payloads {
        let text = format!("(payload) {}", json(payload, extent));
        margin.speech(canvas, "agent", speaker, &text, Style::new());
    }
    if reply.texts.is_empty() && reply.payloads.is_empty() {
        margin.speech(canvas, "agent", speaker, "(said nothing)", palette.faint);
    }
    for line in events(reply) {
        margin.speech(canvas, "", palette.faint, &line, palette.faint);
    }
    if (bad || extent.every_match) && understood(reply).is_some_and(|text| !text.is_empty()) {
        let text = understood(reply).unwrap_or_default();
        margin.speech(canvas, "", palette.faint, &format!("→ {text}"), palette.faint);
    }
}

/// What happened beside the talking.
fn events(reply: &ReplyRecord) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(
        reply
            .transfers
            .iter()
            .map(|agent| format!("(transfer to {})", inline(agent))),
    );
    if reply.interrupted {
        lines.push("(the user interrupted the agent)".to_owned());
    }
    if let Some(audio) = &reply.audio {
        let tenths = audio.duration_ms / 100;
        let file = audio
            .file
            .as_ref()
            .map(|file| format!(", kept in {}", inline(file)));
        lines.push(format!(
            "(spoke for {}.{} s{})",
            tenths / 10,
            tenths % 10,
            file.unwrap_or_default()
        ));
    }
    if reply.handoff.is_some() {
        lines.push("(hand-off to a person)".to_owned());
    }
    if reply.ended.is_some() {
        lines.push("(the conversation ended)".to_owned());
    }
    for status in reply.webhooks.iter().filter(|status| status.code != 0) {
        let webhook = match &status.name {
            Some(name) => format!("webhook {}", inline(name)),
            None => "a webhook".to_owned(),
        };
        lines.push(format!("({webhook} failed: {})", inline(&status.message)));
    }
    lines.extend(reply.notes.iter().map(|note| format!("note: {}", clean(note))));
    lines
}

/// `intent book.flight 0.93 · page Collect Date · flow Booking`.
fn understood(reply: &ReplyRecord) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(matched) = &reply.matched {
        let what = match (&matched.intent, &matched.event) {
            (Some(intent), _) => format!("intent {} ({:.2})", inline(intent), matched.confidence),
            (None, Some(event)) if matched.kind == "event" => format!("event {}", inline(event)),
            (None, Some(event)) => format!("{} ({})", inline(&matched.kind), inline(event)),
            (None, None) => inline(&matched.kind),
        };
        parts.push(what);
    }
    let places = [
        ("page", &reply.page),
        ("flow", &reply.flow),
        ("agent", &reply.agent),
        ("playbook", &reply.playbook),
    ];
    parts.extend(
        places
            .iter()
            .filter_map(|(what, name)| name.as_ref().map(|name| format!("{what} {}", inline(name)))),
    );
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What the user did, as a person would note it down.
fn input(input: &Value) -> String {
    let Some((key, value)) = input.as_object().and_then(|members| members.iter().next()) else {
        return spoken(input);
    };
    let files = attached(input);
    if !files.is_empty() {
        let said = input.get("say").map(spoken);
        return said.into_iter().chain(files).collect::<Vec<_>>().join(" ");
    }
    match (key.as_str(), value) {
        ("say", value) => spoken(value),
        ("silence", Value::String(time)) => format!("(silence for {})", inline(time)),
        ("silence", _) => "(silence)".to_owned(),
        ("dtmf", Value::Object(keys)) => {
            let of = |name: &str| keys.get(name).map(spoken).unwrap_or_default();
            format!("(keys {}{})", of("digits"), of("finish"))
        }
        ("dtmf", value) => format!("(keys {})", spoken(value)),
        (key, value) => format!("({key} {})", spoken(value)),
    }
}

/// `(image lamp.png)`: the files that the user handed over.
fn attached(input: &Value) -> Vec<String> {
    let files = ["image", "blob"].into_iter().filter_map(|kind| {
        let file = input.get(kind)?.get("file")?;
        Some(format!("({kind} {})", spoken(file)))
    });
    files.collect()
}

fn call_line(call: &ToolCall, extent: Extent) -> String {
    let source = match call.source {
        CallSource::Client => "",
        CallSource::Agent => " (run by the service)",
        CallSource::Nested => " (run by a tool or callback)",
    };
    let args = json(&Value::Object(call.args.clone()), extent);
    let answer = call
        .response
        .as_ref()
        .map(|response| format!(" → {}", json(response, extent)))
        .unwrap_or_default();
    format!("{}{source} {args}{answer}", inline(&call.tool))
}

fn json(value: &Value, extent: Extent) -> String {
    let most = if extent.shortened { 240 } else { usize::MAX };
    one_line(&value.to_string(), most)
}

/// The first lines of a text, and how many were left out.
pub(super) fn first_lines(text: &str, most: usize) -> String {
    let count = text.lines().count();
    if count <= most {
        return text.to_owned();
    }
    let shown: Vec<&str> = text.lines().take(most - 1).collect();
    format!("{}\n… {} more lines", shown.join("\n"), count - shown.len())
}

fn write_whole(canvas: &mut Canvas, attempt: &Attempt, file: &str, extent: Extent) {
    let bad: Vec<Checked> = attempt
        .expectations
        .iter()
        .filter(|checked| headline::is_bad_check(checked))
        .cloned()
        .collect();
    if bad.is_empty() {
        return;
    }
    let palette = canvas.palette;
    canvas.line(&[
        Piece::new("✗    ", palette.bad),
        Piece::new("the whole conversation", palette.strong),
    ]);
    let lead = [
        Piece::plain(" ".repeat(NUMBER_WIDTH + 1)),
        Piece::new(" │ ", palette.bad),
    ];
    difference::write_all(canvas, &lead, &bad, file, extent.shortened);
}

fn write_error(canvas: &mut Canvas, attempt: &Attempt, extent: Extent) {
    let is_shown = |turn: &PlayedTurn| {
        turn.expectations
            .iter()
            .any(|checked| checked.outcome == Outcome::Unobservable)
    };
    let Some(error) = &attempt.error else { return };
    if error.kind == "unobservable" && attempt.turns.iter().any(is_shown) {
        return;
    }
    let palette = canvas.palette;
    let lead = |label: &'static str, style: Style| {
        let mark = if label.starts_with("error") { "!" } else { " " };
        vec![Piece::new(format!("{mark}   "), style), Piece::new(label, style)]
    };
    let rest = [Piece::plain(" ".repeat(11))];
    let text = clean(&headline::error_line(error)).into_owned();
    canvas.flow(&lead("error  ", palette.bad), &rest, &[Piece::plain(text)]);
    if let Some(diff) = &error.diff {
        difference::write_diff(canvas, &rest, diff, extent.shortened);
    }
    if let Some(hint) = &error.hint {
        canvas.flow(
            &lead("hint   ", palette.strong),
            &rest,
            &[Piece::plain(clean(hint).into_owned())],
        );
    }
}
