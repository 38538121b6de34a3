//! What speech changed: conversations that were played in writing and in recordings, side by side.

use super::headline::{said, spoken};
use super::style::{Canvas, Piece, counted, grouped, inline, one_line};
use crate::model::outcome::{TwinDifference, Twins, Verdict};

/// Pairs shown with their differences.
const MOST_SHOWN: usize = 30;
/// Columns of one side.
const MOST_COLUMNS: usize = 160;

/// What the summary needs to remember of twins: bounded, however many there are.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pairs: u64,
    changed: u64,
    not_compared: u64,
    shown: Vec<Twins>,
}

/// Whether both came to their end. Of one that was skipped, not run or cut short by an error, nobody can tell what
/// speech would have changed.
pub(super) fn is_compared(twins: &Twins) -> bool {
    [twins.text, twins.audio]
        .iter()
        .all(|verdict| matches!(verdict, Verdict::Passed | Verdict::Failed | Verdict::Flaky))
}

/// Whether speech changed what came of a conversation.
pub(super) fn is_changed(twins: &Twins) -> bool {
    is_compared(twins) && (twins.difference.is_some() || twins.text != twins.audio)
}

impl Tally {
    pub(super) fn add(&mut self, twins: &Twins) {
        if !is_compared(twins) {
            self.not_compared += 1;
            return;
        }
        self.pairs += 1;
        if !is_changed(twins) {
            return;
        }
        self.changed += 1;
        if self.shown.len() < MOST_SHOWN {
            self.shown.push(twins.clone());
        }
    }

    pub(super) fn write(&self, canvas: &mut Canvas) {
        if self.pairs == 0 {
            return;
        }
        canvas.blank();
        let (faint, odd) = (canvas.palette.faint, canvas.palette.odd);
        let pairs = counted(self.pairs, "conversation");
        let left_out = match self.not_compared {
            0 => String::new(),
            others => format!("; {} not compared", grouped(others)),
        };
        let head = if self.changed == 0 {
            Piece::new(
                format!("{pairs} played in writing and by voice: speech changed nothing{left_out}"),
                faint,
            )
        } else {
            let text = format!(
                "speech changed the outcome of {} of {pairs} played in writing and by voice{left_out}",
                grouped(self.changed)
            );
            Piece::new(text, odd)
        };
        canvas.flow(&[Piece::plain("  ")], &[Piece::plain("  ")], &[head]);
        for twins in &self.shown {
            write_pair(canvas, twins);
        }
        let left = self.changed - self.shown.len() as u64;
        if left > 0 {
            canvas.line(&[Piece::new(format!("    and {} more", grouped(left)), faint)]);
        }
    }
}

fn write_pair(canvas: &mut Canvas, twins: &Twins) {
    let faint = canvas.palette.faint;
    let title = format!("    {} / {}", inline(&twins.suite), inline(&twins.name));
    let (file, line) = place(twins);
    let place = Piece::new(format!("{}:{line}", inline(file)), faint);
    canvas.line_with_edge(&[Piece::plain(title)], &place, &[Piece::plain("        ")]);
    let margin = [Piece::plain("      ")];
    if twins.text != twins.audio || twins.difference.is_none() {
        let text = verdicts(twins.text, twins.audio);
        canvas.flow(&margin, &margin, &[Piece::new(text, faint)]);
    }
    let Some(found) = &twins.difference else { return };
    let head = format!("turn {}: {}", found.turn, inline(&found.kind));
    canvas.flow(&margin, &margin, &[Piece::plain(head)]);
    for (channel, value, words) in [
        (
            "text ",
            &found.text,
            found.said.as_ref().map(|said| format!("said “{said}”")),
        ),
        ("audio", &found.audio, heard(found)),
    ] {
        let side = [
            Piece::new(format!("{channel}  "), faint),
            Piece::plain(one_line(&spoken(value), MOST_COLUMNS)),
            Piece::new(
                words
                    .map(|words| format!("  {}", inline(&words)))
                    .unwrap_or_default(),
                faint,
            ),
        ];
        let rest = [Piece::plain(" ".repeat(15))];
        canvas.flow(&[Piece::plain("        ")], &rest, &side);
    }
}

/// `heard “a repair”, word error rate 0.4`.
fn heard(found: &TwinDifference) -> Option<String> {
    let heard = match (&found.heard, &found.said) {
        (Some(heard), _) => format!("heard “{heard}”"),
        (None, Some(_)) => "heard nothing".to_owned(),
        (None, None) => return None,
    };
    Some(match found.word_error_rate {
        Some(rate) => format!("{heard}, word error rate {rate}"),
        None => heard,
    })
}

fn verdicts(text: Verdict, audio: Verdict) -> String {
    format!("in writing {}, by voice {}", said(text), said(audio))
}

/// Where to look: at the turn that differs, or at the conversation.
pub(super) fn place(twins: &Twins) -> (&str, u32) {
    match &twins.difference {
        Some(found) => (&found.file, found.line),
        None => (&twins.file, twins.line),
    }
}

/// The same in one line.
pub(super) fn line(twins: &Twins) -> String {
    let verdicts = verdicts(twins.text, twins.audio);
    let Some(found) = &twins.difference else {
        return if is_changed(twins) {
            verdicts
        } else {
            format!("{verdicts}; speech changed nothing")
        };
    };
    let words = heard(found)
        .map(|words| format!(" ({words})"))
        .unwrap_or_default();
    format!(
        "{verdicts}; turn {}: {}: {} in writing, {} by voice{words}",
        found.turn,
        found.kind,
        spoken(&found.text),
        spoken(&found.audio),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::style::Look;

    fn twins(text: Verdict, audio: Verdict) -> Twins {
        Twins {
            suite: "orders".to_owned(),
            name: "greets".to_owned(),
            file: "orders.yaml".to_owned(),
            line: 3,
            text,
            audio,
            difference: None,
        }
    }

    fn shown(pairs: &[Twins]) -> String {
        let mut tally = Tally::default();
        for pair in pairs {
            tally.add(pair);
        }
        let mut canvas = Canvas::new(Look::plain());
        tally.write(&mut canvas);
        canvas.into_text()
    }

    #[test]
    fn only_what_came_to_its_end_both_ways_is_compared() {
        for other in [Verdict::NotRun, Verdict::Skipped, Verdict::Errored] {
            for pair in [
                twins(Verdict::Passed, other),
                twins(other, Verdict::Failed),
                twins(other, other),
            ] {
                assert!(!is_compared(&pair) && !is_changed(&pair), "{pair:?}");
                assert_eq!(shown(&[pair]), "");
            }
        }
        assert!(is_changed(&twins(Verdict::Passed, Verdict::Failed)));
        let pairs = [
            twins(Verdict::Passed, Verdict::Passed),
            twins(Verdict::Passed, Verdict::NotRun),
        ];
        assert!(
            shown(&pairs).contains(
                "1 conversation played in writing and by voice: speech changed nothing; 1 not compared"
            ),
            "{}",
            shown(&pairs)
        );
    }
}
