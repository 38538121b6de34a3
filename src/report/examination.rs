//! What `doctor` found, for people and for programs.

use std::io;

use serde::Serialize;

use super::style::{Canvas, Look, Piece, clean, counted, inline};
use crate::model::examination::{Examination, Examined, State};

/// The format of the JSON document.
const FORMAT: &str = "turnproof-doctor/1";
/// Columns that the longest name of a step takes.
const STEP_WIDTH: usize = 13;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    targets: &'a [Examination],
}

/// One JSON document.
///
/// # Errors
/// When it cannot be written.
pub fn json(examinations: &[Examination]) -> io::Result<String> {
    let document = Document {
        format: FORMAT,
        targets: examinations,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Each target with its steps, and at the end whether all is well.
pub fn render(examinations: &[Examination], look: Look) -> String {
    let mut canvas = Canvas::new(look);
    for examination in examinations {
        write_target(&mut canvas, examination);
        canvas.blank();
    }
    let bad: Vec<&str> = examinations
        .iter()
        .filter(|examination| examination.first_bad().is_some())
        .map(|examination| examination.target.as_str())
        .collect();
    let count = |count: usize| counted(u64::try_from(count).unwrap_or(u64::MAX), "target");
    let palette = canvas.palette;
    let summary = if bad.is_empty() {
        [
            Piece::new(count(examinations.len()), palette.strong),
            Piece::plain(": nothing is wrong"),
        ]
    } else {
        let names = inline(&bad.join(", "));
        [
            Piece::new(count(examinations.len()), palette.strong),
            Piece::plain(format!(", to be mended: {names}")),
        ]
    };
    canvas.line(&summary);
    canvas.into_text()
}

fn write_target(canvas: &mut Canvas, examination: &Examination) {
    let palette = canvas.palette;
    let about = [examination.backend, &examination.subject]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(inline)
        .collect::<Vec<_>>()
        .join(", ");
    canvas.line(&[
        Piece::new(inline(&examination.target), palette.strong),
        Piece::plain("  "),
        Piece::new(about, palette.faint),
    ]);
    for examined in &examination.steps {
        write_step(canvas, examined);
    }
}

fn write_step(canvas: &mut Canvas, examined: &Examined) {
    let palette = canvas.palette;
    let (mark, style) = match examined.state {
        State::Good => ("✓", palette.good),
        State::Bad => ("✗", palette.bad),
        State::Unknown => ("-", palette.faint),
    };
    let below = [Piece::plain(" ".repeat(4 + STEP_WIDTH))];
    let first = [
        Piece::plain("  "),
        Piece::new(mark, style),
        Piece::plain(format!(" {:STEP_WIDTH$}", examined.step.name())),
    ];
    let body = Piece::new(
        clean(&examined.found).into_owned(),
        match examined.state {
            State::Unknown => palette.faint,
            State::Good | State::Bad => anstyle::Style::new(),
        },
    );
    canvas.flow(&first, &below, &[body]);
    if let Some(hint) = &examined.hint {
        let lead = [below[0].clone(), Piece::new("hint: ", palette.strong)];
        let rest = [Piece::plain(" ".repeat(4 + STEP_WIDTH + 6))];
        canvas.flow(&lead, &rest, &[Piece::plain(clean(hint).into_owned())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examination::Step;

    fn sample() -> Examination {
        let examined = |step, state, found: &str, hint: Option<&str>| Examined {
            step,
            state,
            found: found.to_owned(),
            hint: hint.map(str::to_owned),
        };
        Examination {
            target: "staging".to_owned(),
            backend: "cx",
            subject: "projects/p/locations/global/agents/a".to_owned(),
            steps: vec![
                examined(Step::Settings, State::Good, "they can be used", None),
                examined(
                    Step::Credentials,
                    State::Bad,
                    "no access token: \u{1b}[31mnobody answered in time, however long one waited for it to answer",
                    Some("log in: gcloud auth application-default login"),
                ),
                examined(Step::Permission, State::Unknown, "not reached", None),
            ],
        }
    }

    #[test]
    fn steps_are_shown_with_what_to_do() {
        let look = Look {
            color: false,
            width: 60,
        };
        let expected = "\
staging  cx, projects/p/locations/global/agents/a
  ✓ settings     they can be used
  ✗ credentials  no access token: \\u{1b}[31mnobody answered
                 in time, however long one waited for it to
                 answer
                 hint: log in: gcloud auth
                       application-default login
  - permission   not reached

1 target, to be mended: staging
";
        assert_eq!(render(&[sample()], look), expected);
        let well = Examination {
            steps: Vec::new(),
            ..sample()
        };
        assert!(render(&[well.clone(), well], look).ends_with("2 targets: nothing is wrong\n"));
    }

    #[test]
    fn programs_read_a_document() {
        let document: serde_json::Value = serde_json::from_str(&json(&[sample()]).unwrap()).unwrap();
        assert_eq!(document["format"], FORMAT);
        let steps = &document["targets"][0]["steps"];
        assert_eq!(steps[1]["step"], "credentials");
        assert_eq!(steps[1]["state"], "bad");
        assert_eq!(steps[0].get("hint"), None);
    }
}
