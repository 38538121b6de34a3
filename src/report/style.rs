//! How text is laid out for people: colours, marks, widths, wrapping. Knows nothing of conversations, and never
//! says anything by colour alone.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::redact;

/// What the output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether colours may be used.
    pub color: bool,
    /// Columns that a line may take.
    pub width: usize,
}

impl Look {
    /// Columns used when nothing is known of the output.
    pub const USUAL_WIDTH: usize = 100;
    /// Wider lines are hard to read, whatever the terminal could show.
    const WIDEST: usize = 140;
    const NARROWEST: usize = 40;

    /// The look of standard output, with the width of the terminal if it is one.
    pub fn of_stdout(color: bool) -> Self {
        Self::of(terminal_size::terminal_size_of(std::io::stdout()), color)
    }

    /// As [`Look::of_stdout`], of standard error.
    pub fn of_stderr(color: bool) -> Self {
        Self::of(terminal_size::terminal_size_of(std::io::stderr()), color)
    }

    fn of(size: Option<(terminal_size::Width, terminal_size::Height)>, color: bool) -> Self {
        let width = size.map_or(Self::USUAL_WIDTH, |(width, _)| usize::from(width.0));
        Self {
            color,
            width: width.clamp(Self::NARROWEST, Self::WIDEST),
        }
    }

    /// For files: no colours, no wrapping.
    pub const fn plain() -> Self {
        Self {
            color: false,
            width: usize::MAX,
        }
    }
}

/// The styles used, all of them empty without colours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Palette {
    pub(super) good: Style,
    pub(super) bad: Style,
    pub(super) odd: Style,
    pub(super) strong: Style,
    pub(super) faint: Style,
    pub(super) user: Style,
    pub(super) expected: Style,
    pub(super) actual: Style,
}

impl Palette {
    pub(super) fn of(look: Look) -> Self {
        if !look.color {
            return Self::default();
        }
        let colored = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        Self {
            good: colored(AnsiColor::Green).bold(),
            bad: colored(AnsiColor::Red).bold(),
            odd: colored(AnsiColor::Yellow).bold(),
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
            user: colored(AnsiColor::Cyan),
            expected: colored(AnsiColor::Green),
            actual: colored(AnsiColor::Red),
        }
    }
}

/// A run of text in one style.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) style: Style,
    /// Just this part of the line differs: underlined, or pointed at from the line below.
    pub(super) marked: bool,
}

impl<'a> Piece<'a> {
    pub(super) fn new(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
            marked: false,
        }
    }

    pub(super) fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(text, Style::new())
    }
}

/// Text under construction, line by line.
#[derive(Debug)]
pub(super) struct Canvas {
    text: String,
    look: Look,
    pub(super) palette: Palette,
}

impl Canvas {
    pub(super) fn new(look: Look) -> Self {
        Self {
            text: String::new(),
            look,
            palette: Palette::of(look),
        }
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// One line, not wrapped.
    pub(super) fn line(&mut self, pieces: &[Piece<'_>]) {
        for piece in pieces {
            self.push(&piece.text, piece.style);
        }
        self.end_line();
    }

    /// One line with something at its right edge; on a line of its own, indented, where it does not fit.
    pub(super) fn line_with_edge(&mut self, pieces: &[Piece<'_>], edge: &Piece<'_>, indent: &[Piece<'_>]) {
        let taken = width_of(pieces) + edge.text.width() + 2;
        if taken > self.look.width {
            self.flow(&[], indent, pieces);
            let mut below = indent.to_vec();
            below.push(edge.clone());
            return self.line(&below);
        }
        let gap = if self.look.width == usize::MAX {
            2
        } else {
            self.look.width - taken + 2
        };
        let mut all = pieces.to_vec();
        all.push(Piece::plain(" ".repeat(gap)));
        all.push(edge.clone());
        self.line(&all);
    }

    /// Text that wraps at the right edge: the first row follows `first`, the others `rest`. Line breaks within the
    /// text are kept.
    pub(super) fn flow(&mut self, first: &[Piece<'_>], rest: &[Piece<'_>], body: &[Piece<'_>]) {
        let lead = width_of(first).max(width_of(rest));
        let room = match self.look.width {
            usize::MAX => usize::MAX,
            width => width.saturating_sub(lead).max(16),
        };
        for (number, row) in wrap(body, room).into_iter().enumerate() {
            let before = if number == 0 { first } else { rest };
            for piece in before {
                self.push(&piece.text, piece.style);
            }
            for cell in &row {
                let style = if cell.marked && self.look.color {
                    cell.style.underline().bold()
                } else {
                    cell.style
                };
                self.push(&cell.text, style);
            }
            self.end_line();
            if !self.look.color {
                self.carets(rest, &row);
            }
        }
    }

    /// Points at the marked parts of a row, unless the whole row is marked.
    fn carets(&mut self, lead: &[Piece<'_>], row: &[Piece<'_>]) {
        let is_blank = |piece: &&Piece<'_>| piece.text.trim().is_empty();
        let marked = row.iter().filter(|piece| piece.marked);
        let unmarked = row.iter().filter(|piece| !piece.marked && !is_blank(piece));
        if marked.count() == 0 || unmarked.count() == 0 {
            return;
        }
        for piece in lead {
            self.text.push_str(&piece.text);
        }
        for piece in row {
            let mark = if piece.marked { "^" } else { " " };
            self.text.push_str(&mark.repeat(piece.text.width()));
        }
        self.end_line();
    }

    fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        if style == Style::new() {
            self.text.push_str(text);
        } else {
            // Writing to a text does not fail.
            let _ = write!(self.text, "{style}{text}{style:#}");
        }
    }

    /// Ends the line, without blanks at its end. In a log of GitHub Actions a line that begins with `::` is a
    /// command; text from outside must not become one.
    fn end_line(&mut self) {
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
        let start = self.text.rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..];
        if line.trim_start().starts_with("::") {
            let indent = line.len() - line.trim_start().len();
            self.text.insert(start + indent, '\\');
        }
        self.text.push('\n');
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Columns that pieces take.
pub(super) fn width_of(pieces: &[Piece<'_>]) -> usize {
    pieces.iter().map(|piece| piece.text.width()).sum()
}

/// Breaks pieces into rows of at most `room` columns: at line breaks, between words where possible, within a word
/// where not.
fn wrap<'a>(pieces: &[Piece<'a>], room: usize) -> Vec<Vec<Piece<'a>>> {
    if let ([piece], usize::MAX) = (pieces, room) {
        let row = |line: &str| {
            vec![Piece {
                text: line.to_owned().into(),
                ..piece.clone()
            }]
        };
        return piece.text.split('\n').map(row).collect();
    }
    let cells: Vec<(char, usize)> = pieces
        .iter()
        .enumerate()
        .flat_map(|(number, piece)| piece.text.chars().map(move |character| (character, number)))
        .collect();
    let mut rows = Vec::new();
    let mut start = 0;
    loop {
        let (end, next) = row_end(&cells, start, room);
        rows.push(gather(pieces, &cells[start..end]));
        match next {
            Some(next) => start = next,
            None => return rows,
        }
    }
}

/// Where the row that starts at `start` ends, and where the next one starts, if there is one.
fn row_end(cells: &[(char, usize)], start: usize, room: usize) -> (usize, Option<usize>) {
    let mut width = 0;
    let mut gap = None;
    for (at, (character, _)) in cells.iter().enumerate().skip(start) {
        if *character == '\n' {
            return (at, Some(at + 1));
        }
        width += character.width().unwrap_or(0);
        if width > room && at > start {
            return match (character, gap) {
                (' ', _) => (at, Some(at + 1)),
                (_, Some(gap)) => (gap, Some(gap + 1)),
                _ => (at, Some(at)),
            };
        }
        if *character == ' ' && at > start {
            gap = Some(at);
        }
    }
    (cells.len(), None)
}

/// Cells back into runs of one piece each.
fn gather<'a>(pieces: &[Piece<'a>], cells: &[(char, usize)]) -> Vec<Piece<'a>> {
    cells
        .chunk_by(|left, right| left.1 == right.1)
        .map(|run| Piece {
            text: run
                .iter()
                .map(|(character, _)| *character)
                .collect::<String>()
                .into(),
            style: pieces[run[0].1].style,
            marked: pieces[run[0].1].marked,
        })
        .collect()
}

/// Text from outside, made fit for a terminal: no control or bidirectional override character, no tab, and no
/// command of a CI system (`##vso[…]`, `##[…]`, `##teamcity[…]` are obeyed anywhere in a line of a build's log).
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let text = if text.contains(['\t', '\r']) {
        Cow::Owned(text.replace("\r\n", "\n").replace('\t', "    "))
    } else {
        Cow::Borrowed(text)
    };
    let cleaned = match text {
        Cow::Borrowed(text) => redact::clean_terminal(text),
        Cow::Owned(text) => Cow::Owned(redact::clean_terminal(&text).into_owned()),
    };
    if cleaned.contains("##") {
        Cow::Owned(defused(&cleaned))
    } else {
        cleaned
    }
}

/// Puts a blank into `##name[`, so that no CI system takes it for a command.
fn defused(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 1);
    let mut rest = text;
    while let Some(at) = rest.find("##") {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        let name = after.trim_start_matches('#');
        let is_command = name
            .trim_start_matches(|character: char| character.is_ascii_alphabetic())
            .starts_with('[');
        let signs = after.len() - name.len();
        result.push_str(&after[..signs - 1]);
        result.push_str(if is_command { " #" } else { "#" });
        rest = name;
    }
    result.push_str(rest);
    result
}

/// Clean text in one line.
pub(super) fn inline(text: &str) -> String {
    one_line(text, usize::MAX)
}

/// Clean text in one line, shortened in its middle to at most `most` columns.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.width() > most {
        line = shortened(&line, most);
    }
    line
}

/// The first two thirds and the last third of what fits, with an ellipsis between.
fn shortened(text: &str, most: usize) -> String {
    let room = most.saturating_sub(1);
    let head = room * 2 / 3;
    let front = fitting(text.chars(), head);
    let back = fitting(text.chars().rev(), room - head);
    let back: String = back.chars().rev().collect();
    format!("{}…{}", front.trim_end(), back.trim_start())
}

fn fitting(characters: impl Iterator<Item = char>, most: usize) -> String {
    let mut width = 0;
    characters
        .take_while(|character| {
            width += character.width().unwrap_or(0);
            width <= most
        })
        .collect()
}

/// A duration as people say it: `85 ms`, `1.24 s`, `12.3 s`, `2 min 05 s`.
pub(super) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = duration.as_secs_f64();
    if millis < 100 {
        format!("{millis} ms")
    } else if seconds < 9.995 {
        format!("{seconds:.2} s")
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round();
        format!("{} min {:02} s", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// Milliseconds as recorded; what cannot be a duration is none.
pub(super) fn millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}

/// A count with thousands set apart and the word in the right number: `1,455 turns`, `1 turn`.
pub(super) fn counted(count: u64, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {word}{ending}", grouped(count))
}

/// A number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut result = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flowed(width: usize, text: &str) -> String {
        let mut canvas = Canvas::new(Look { color: false, width });
        canvas.flow(
            &[Piece::plain("> ")],
            &[Piece::plain("| ")],
            &[Piece::plain(text)],
        );
        canvas.into_text()
    }

    #[test]
    fn text_wraps_between_words_and_keeps_its_line_breaks() {
        assert_eq!(
            flowed(22, "one two three four five six\n\nseven"),
            "> one two three four\n| five six\n|\n| seven\n"
        );
        assert_eq!(
            flowed(18, "abcdefghijklmnopqrstuvwxyz"),
            "> abcdefghijklmnop\n| qrstuvwxyz\n"
        );
        assert_eq!(flowed(18, ""), ">\n");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(flowed(18, "日本語日本語日本語"), "> 日本語日本語日本\n| 語\n");
    }

    #[test]
    fn marks_are_carets_without_colour_and_underlines_with_it() {
        let pieces = [
            Piece::plain("to "),
            Piece {
                text: "leave".into(),
                style: Style::new(),
                marked: true,
            },
            Piece::plain("?"),
        ];
        let mut canvas = Canvas::new(Look::plain());
        canvas.flow(&[Piece::plain("- ")], &[Piece::plain("  ")], &pieces);
        assert_eq!(canvas.into_text(), "- to leave?\n     ^^^^^\n");
        let mut canvas = Canvas::new(Look {
            color: true,
            width: 80,
        });
        canvas.flow(&[], &[], &pieces);
        assert_eq!(canvas.into_text(), "to \u{1b}[1m\u{1b}[4mleave\u{1b}[0m?\n");
    }

    #[test]
    fn nothing_from_outside_commands_a_terminal_or_a_ci_system() {
        for (given, wanted) in [
            ("plain", "plain"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("x\u{202e}y", "x\\u{202e}y"),
            ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
            ("a ##[add-mask]b", "a # #[add-mask]b"),
            ("###teamcity[x]", "## #teamcity[x]"),
            ("## heading", "## heading"),
            ("tab\tbed\r\nnext", "tab    bed\nnext"),
        ] {
            assert_eq!(clean(given), wanted);
        }
    }

    #[test]
    fn durations_and_counts_read_well() {
        let said = |seconds: f64| duration(Duration::from_secs_f64(seconds));
        assert_eq!(said(0.0), "0 ms");
        assert_eq!(said(0.0854), "85 ms");
        assert_eq!(said(1.238), "1.24 s");
        assert_eq!(said(9.999), "10.0 s");
        assert_eq!(said(59.96), "1 min 00 s");
        assert_eq!(said(3725.0), "62 min 05 s");
        assert_eq!(millis(f64::NAN), Duration::ZERO);
        assert_eq!(millis(-3.0), Duration::ZERO);
        assert_eq!(counted(1, "turn"), "1 turn");
        assert_eq!(counted(1_234_567, "turn"), "1,234,567 turns");
    }

    #[test]
    fn a_long_line_is_shortened_in_its_middle() {
        assert_eq!(one_line("a  b\nc", 10), "a b c");
        assert_eq!(one_line("abcdefghijklmnop", 10), "abcdef…nop");
    }

    #[test]
    fn no_line_begins_like_a_workflow_command() {
        assert_eq!(flowed(22, "fine"), "> fine\n");
        let mut canvas = Canvas::new(Look::plain());
        canvas.flow(&[], &[Piece::plain("   ")], &[Piece::plain("a\n::error::b")]);
        assert_eq!(canvas.into_text(), "a\n   \\::error::b\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn wrapping_loses_no_word_and_stays_within_its_width(text in "\\PC{0,200}", width in 20_usize..80) {
            let flowed = flowed(width, &text);
            let words = |text: &str| text.split_whitespace().collect::<String>();
            let body: String = flowed.lines().map(|line| line.get(1..).unwrap_or_default()).collect();
            prop_assert_eq!(words(&body), words(&text));
            for line in flowed.lines() {
                let columns: usize = line.chars().map(|character| character.width().unwrap_or(0)).sum();
                prop_assert!(columns <= width, "{line:?} is wider than {width}");
            }
        }

        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.chars().any(|character| character.is_control() && character != '\n'));
        }
    }
}
