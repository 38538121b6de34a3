//! What differs between an expectation and what was there: `-` lines are expected, `+` lines are there.

use anstyle::Style;

use super::headline::{self, spoken};
use super::style::{Canvas, Piece, clean, inline, one_line};
use crate::expect;
use crate::model::outcome::{Checked, Diff, DiffLine, DiffSide, Outcome, PlayedTurn};
use crate::model::{Map, Value};

/// Lines shown for one side of a value, when shortened.
const MOST_LINES: usize = 12;
/// Unchanged lines kept around a change, when shortened.
const CONTEXT: usize = 2;
/// Columns of one line of a value, when shortened.
const MOST_COLUMNS: usize = 1_000;

/// Writes the expectations of a turn: the failed ones with their differences, the others by name.
pub(super) fn write_all(
    canvas: &mut Canvas,
    lead: &[Piece<'_>],
    expectations: &[Checked],
    file: &str,
    shortened: bool,
) {
    if !expectations.iter().any(headline::is_bad_check) {
        return;
    }
    for checked in expectations
        .iter()
        .filter(|checked| headline::is_bad_check(checked))
    {
        write(canvas, lead, checked, file, shortened);
    }
    let held: Vec<&str> = expectations
        .iter()
        .filter(|checked| checked.outcome == Outcome::Passed)
        .map(|checked| checked.path.as_str())
        .collect();
    if !held.is_empty() {
        let text = format!("✓ {}", inline(&held.join(" · ")));
        flow(canvas, lead, "", "  ", &[Piece::new(text, canvas.palette.faint)]);
    }
}

/// Writes a problem of a turn that is no expectation.
pub(super) fn write_failure(canvas: &mut Canvas, lead: &[Piece<'_>], failure: &str, place: &str) {
    let text = Piece::new(format!("✗ {}", inline(failure)), canvas.palette.bad);
    with_place(canvas, lead, &[text], place);
}

fn write(canvas: &mut Canvas, lead: &[Piece<'_>], checked: &Checked, file: &str, shortened: bool) {
    let palette = canvas.palette;
    let place = format!("{}:{}", inline(file), checked.line);
    let message = one_line(
        &headline::difference(checked),
        if shortened { 300 } else { usize::MAX },
    );
    if checked.outcome == Outcome::Unobservable {
        let name = Piece::new(format!("? {}", inline(&checked.path)), palette.odd);
        return with_place(
            canvas,
            lead,
            &[name, Piece::plain(format!(": {message}"))],
            &place,
        );
    }
    let name = Piece::new(format!("✗ {}", inline(&checked.path)), palette.bad);
    let said = if checked.message.is_empty() {
        String::new()
    } else {
        headline::after_path(&message)
    };
    with_place(canvas, lead, &[name, Piece::plain(said)], &place);
    match &checked.diff {
        Some(diff) if !diff.lines.is_empty() => write_diff(canvas, lead, diff, shortened),
        _ => {
            write_value(canvas, lead, DiffSide::Expected, &checked.expected, shortened);
            write_value(canvas, lead, DiffSide::Actual, &checked.actual, shortened);
        }
    }
}

/// The `expect:` that would hold for the turn's reply, for copying into the suite. For a turn without expectations
/// only parameters that differ from those before it are worth expecting.
pub(super) fn write_suggestion(
    canvas: &mut Canvas,
    lead: &[Piece<'_>],
    turn: &PlayedTurn,
    before: Option<&Map>,
) {
    let Some(text) = suggestion(turn, before) else {
        return;
    };
    let faint = canvas.palette.faint;
    flow(canvas, lead, "", "", &[Piece::new("this would pass:", faint)]);
    for line in text.lines() {
        let mut pieces = lead.to_vec();
        pieces.push(Piece::plain(format!("    {}", clean(line))));
        canvas.line(&pieces);
    }
}

fn suggestion(turn: &PlayedTurn, before: Option<&Map>) -> Option<String> {
    let reply = turn.reply.as_ref()?;
    if turn.expectations.is_empty() {
        expect::suggest_all(reply, &turn.calls, before)
    } else {
        expect::suggest_for_failures(reply, &turn.calls, &turn.expectations)
    }
}

fn with_place(canvas: &mut Canvas, lead: &[Piece<'_>], pieces: &[Piece<'_>], place: &str) {
    let mut all = lead.to_vec();
    all.extend_from_slice(pieces);
    let mut below = lead.to_vec();
    below.push(Piece::plain("  "));
    canvas.line_with_edge(&all, &Piece::new(place, canvas.palette.faint), &below);
}

/// Writes the lines that differ, and when shortened only those near them.
pub(super) fn write_diff(canvas: &mut Canvas, lead: &[Piece<'_>], diff: &Diff, shortened: bool) {
    let mut left_out = 0_u64;
    for (at, line) in diff.lines.iter().enumerate() {
        if shortened && !is_near_change(&diff.lines, at) {
            left_out += 1;
            continue;
        }
        write_left_out(canvas, lead, &mut left_out);
        write_line(canvas, lead, line);
    }
    write_left_out(canvas, lead, &mut left_out);
}

fn is_near_change(lines: &[DiffLine], at: usize) -> bool {
    let from = at.saturating_sub(CONTEXT);
    let to = (at + CONTEXT + 1).min(lines.len());
    lines[from..to].iter().any(|line| line.side != DiffSide::Both)
}

fn write_left_out(canvas: &mut Canvas, lead: &[Piece<'_>], left_out: &mut u64) {
    if *left_out > 0 {
        let text = format!("⋮ {} alike", super::style::counted(*left_out, "line"));
        flow(
            canvas,
            lead,
            "    ",
            "    ",
            &[Piece::new(text, canvas.palette.faint)],
        );
        *left_out = 0;
    }
}

fn write_line(canvas: &mut Canvas, lead: &[Piece<'_>], line: &DiffLine) {
    let (sign, style) = side(canvas, line.side);
    let pieces: Vec<Piece<'_>> = line
        .pieces
        .iter()
        .map(|piece| Piece {
            text: clean(piece.text.trim_end_matches('\n')),
            style,
            marked: piece.changed,
        })
        .collect();
    flow_styled(canvas, lead, &Piece::new(format!("  {sign} "), style), &pieces);
}

fn write_value(canvas: &mut Canvas, lead: &[Piece<'_>], of: DiffSide, value: &Value, shortened: bool) {
    let (sign, style) = side(canvas, of);
    let (text, style) = match value {
        Value::Null => ("(nothing)".to_owned(), style),
        Value::Object(_) | Value::Array(_) if value.to_string().len() > 60 => {
            (serde_json::to_string_pretty(value).unwrap_or_default(), style)
        }
        value => (spoken(value), style),
    };
    let text = clean(&text);
    let text = if shortened {
        shorter(&text)
    } else {
        text.into_owned()
    };
    flow_styled(
        canvas,
        lead,
        &Piece::new(format!("  {sign} "), style),
        &[Piece::new(text, style)],
    );
}

fn shorter(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            if line.chars().count() > MOST_COLUMNS {
                one_line(line, MOST_COLUMNS)
            } else {
                line.to_owned()
            }
        })
        .collect();
    super::dialogue::first_lines(&lines.join("\n"), MOST_LINES)
}

fn side(canvas: &Canvas, side: DiffSide) -> (&'static str, Style) {
    match side {
        DiffSide::Both => (" ", canvas.palette.faint),
        DiffSide::Expected => ("-", canvas.palette.expected),
        DiffSide::Actual => ("+", canvas.palette.actual),
    }
}

/// Text after the margin, with something before its first and its other rows.
fn flow(
    canvas: &mut Canvas,
    lead: &[Piece<'_>],
    first: &'static str,
    rest: &'static str,
    body: &[Piece<'_>],
) {
    let (mut before, mut after) = (lead.to_vec(), lead.to_vec());
    before.push(Piece::plain(first));
    after.push(Piece::plain(rest));
    canvas.flow(&before, &after, body);
}

/// Text after a sign; its other rows are indented as far.
fn flow_styled(canvas: &mut Canvas, lead: &[Piece<'_>], sign: &Piece<'_>, body: &[Piece<'_>]) {
    let (mut before, mut after) = (lead.to_vec(), lead.to_vec());
    before.push(sign.clone());
    after.push(Piece::plain(
        " ".repeat(super::style::width_of(std::slice::from_ref(sign))),
    ));
    canvas.flow(&before, &after, body);
}
