//! What is wrong with the calls, in words and as a diff.

use crate::model::outcome::{Diff, DiffLine, DiffPiece, DiffSide};

use super::Mode;
use super::fit::{Fit, Table, Times, call_words, expected_words};
use super::pairing::{as_many, in_order};

/// Lines of a diff of calls.
const MOST_LINES: usize = 200;

/// An account of what is wrong.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// One entry for each thing that is wrong: `missing: lookup_order(order_id: "A1")`.
    pub(super) problems: Vec<String>,
    /// Expected and actual calls side by side.
    pub(super) diff: Option<Diff>,
    /// Line of the first expected call that is not met.
    pub(super) line: Option<u32>,
}

/// What became of a single expected call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Made, and in its place.
    Made(usize),
    /// Made, but out of order.
    Displaced(usize),
    /// Made otherwise.
    Unlike(usize),
    /// Not made.
    Missing,
}

/// Expected calls, repetitions counted singly, and what became of each.
struct Slots {
    /// Index of the expected call of each slot.
    items: Vec<usize>,
    fates: Vec<Fate>,
}

/// Accounts for all calls. Nothing is wrong when the account is empty, except that the order of a sequence is for
/// `sequence` to decide.
pub(super) fn account(mode: Mode, table: &Table<'_>) -> Account {
    if mode == Mode::Never {
        return forbidden(table);
    }
    let slots = paired(mode, table);
    let mut taken = vec![false; table.calls.len()];
    for fate in &slots.fates {
        if let Fate::Made(call) | Fate::Displaced(call) = fate {
            taken[*call] = true;
        }
    }
    let mut account = Account::default();
    let counted = grouped(mode, table, &mut taken);
    let slots = closest(slots, table, &mut taken);
    tell_slots(&slots, table, &mut account);
    for (index, problem) in counted {
        account.problem(problem, Some(table.expected[index].line));
    }
    if mode.is_closed() {
        for (call, _) in taken.iter().enumerate().filter(|(_, taken)| !**taken) {
            account.problem(format!("extra: {}", call_words(&table.calls[call])), None);
        }
    }
    if !account.problems.is_empty() {
        account.diff = Some(diff(mode, &slots, table, &taken));
    }
    account
}

impl Account {
    fn problem(&mut self, told: String, line: Option<u32>) {
        self.problems.push(told);
        self.line = self.line.or(line.filter(|line| *line > 0));
    }
}

fn forbidden(table: &Table<'_>) -> Account {
    let mut account = Account::default();
    let mut lines = Vec::new();
    for (index, wanted) in table.expected.iter().enumerate() {
        let made: Vec<usize> = (0..table.calls.len())
            .filter(|call| table.is_full(index, *call))
            .collect();
        let is_wrong = match &table.times[index] {
            Times::Once => !made.is_empty(),
            counted @ Times::Counted { .. } => counted.accepts(made.len()),
        };
        if !is_wrong {
            continue;
        }
        account.line = account.line.or(Some(wanted.line).filter(|line| *line > 0));
        if made.is_empty() {
            account
                .problems
                .push(format!("must be called: {}", expected_words(wanted)));
        }
        for call in made {
            let words = call_words(&table.calls[call]);
            account.problems.push(format!("must not be called: {words}"));
            lines.push(line(DiffSide::Actual, words, true));
        }
    }
    lines.truncate(MOST_LINES);
    account.diff = (!lines.is_empty()).then_some(Diff { lines });
    account
}

/// Pairs every slot that was made as expected.
fn paired(mode: Mode, table: &Table<'_>) -> Slots {
    let items: Vec<usize> = table
        .times
        .iter()
        .enumerate()
        .flat_map(|(index, times)| match times {
            Times::Once => vec![index],
            Times::Counted {
                exactly: Some(count), ..
            } if mode.is_closed() => vec![index; *count],
            Times::Counted { .. } => Vec::new(),
        })
        .collect();
    let calls = table.calls.len();
    let mut fates = vec![Fate::Missing; items.len()];
    let mut taken = vec![false; calls];
    if mode.is_sequence() {
        for (slot, call) in in_order(items.len(), calls, |slot, call| table.is_full(items[slot], call)) {
            fates[slot] = Fate::Made(call);
            taken[call] = true;
        }
    }
    let open: Vec<usize> = (0..items.len())
        .filter(|slot| fates[*slot] == Fate::Missing)
        .collect();
    let mut free: Vec<usize> = (0..calls).filter(|call| !taken[*call]).collect();
    // Calls that are not counted elsewhere are taken first: those that are may be needed there.
    free.sort_by_key(|call| is_counted(mode, table, *call));
    let pairs = as_many(free.len(), open.len(), |call, slot| {
        table.is_full(items[open[slot]], free[call])
    });
    for (call, slot) in pairs.into_iter().enumerate() {
        if let Some(slot) = slot {
            let call = free[call];
            fates[open[slot]] = if mode.is_sequence() {
                Fate::Displaced(call)
            } else {
                Fate::Made(call)
            };
        }
    }
    Slots { items, fates }
}

/// Whether a call counts for an expected call that is not paired singly.
fn is_counted(mode: Mode, table: &Table<'_>, call: usize) -> bool {
    let is_group = |times: &Times| match times {
        Times::Once => false,
        Times::Counted { exactly, .. } => exactly.is_none() || !mode.is_closed(),
    };
    let mut groups = (0..table.times.len()).filter(|index| is_group(&table.times[*index]));
    groups.any(|index| table.is_full(index, call))
}

/// Counts the calls of expected calls that are not paired singly; returns which counts are wrong. Where others are allowed
/// in any order, a call may count for several of them; and where none of a kind is expected, none may be there at all.
fn grouped(mode: Mode, table: &Table<'_>, taken: &mut [bool]) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (index, times) in table.times.iter().enumerate() {
        let Times::Counted {
            exactly,
            forbidden,
            words,
            ..
        } = times
        else {
            continue;
        };
        if mode.is_closed() && exactly.is_some() {
            continue;
        }
        let may_be_taken = mode == Mode::Include || (*forbidden && !mode.is_sequence());
        let fitting: Vec<usize> = (0..taken.len())
            .filter(|call| (may_be_taken || !taken[*call]) && table.is_full(index, *call))
            .collect();
        for call in &fitting {
            taken[*call] = true;
        }
        if !times.accepts(fitting.len()) {
            let wanted = &table.expected[index];
            let name = expected_words(&crate::model::suite::ExpectedCall {
                times: None,
                ..wanted.clone()
            });
            let noun = if fitting.len() == 1 { "call" } else { "calls" };
            wrong.push((
                index,
                format!(
                    "wrong count: {name}: expected {words}, was {} {noun}",
                    fitting.len()
                ),
            ));
        }
    }
    wrong
}

/// Pairs what is missing with the call of the same tool that is most alike.
fn closest(mut slots: Slots, table: &Table<'_>, taken: &mut [bool]) -> Slots {
    let mut candidates: Vec<(usize, usize, usize, usize)> = Vec::new();
    for (slot, _) in slots
        .fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| **fate == Fate::Missing)
    {
        for (call, _) in taken.iter().enumerate().filter(|(_, taken)| !**taken) {
            if let Fit::Unlike(unlike) = table.fit(slots.items[slot], call) {
                let distance: usize = unlike.iter().map(|told| told.matches(": ").count()).sum();
                candidates.push((distance, slot.abs_diff(call), slot, call));
            }
        }
    }
    candidates.sort_unstable();
    for (_, _, slot, call) in candidates {
        if slots.fates[slot] == Fate::Missing && !taken[call] {
            slots.fates[slot] = Fate::Unlike(call);
            taken[call] = true;
        }
    }
    slots
}

fn tell_slots(slots: &Slots, table: &Table<'_>, account: &mut Account) {
    for (slot, fate) in slots.fates.iter().enumerate() {
        let index = slots.items[slot];
        let wanted = &table.expected[index];
        let told = match fate {
            Fate::Made(_) => continue,
            Fate::Missing => format!("missing: {}", expected_words(wanted)),
            Fate::Displaced(call) => format!(
                "out of order: {}{}",
                call_words(&table.calls[*call]),
                displacement(slots, slot, *call, table)
            ),
            Fate::Unlike(call) => {
                let Fit::Unlike(unlike) = table.fit(index, *call) else {
                    continue;
                };
                let tool = &table.calls[*call].tool;
                let told = unlike.iter().map(|told| match told.split_once(": ") {
                    Some((what, rest)) => format!("wrong {what}: {tool} {rest}"),
                    None => format!("wrong call: {tool} {told}"),
                });
                told.collect::<Vec<_>>().join("; ")
            }
        };
        account.problem(told, Some(wanted.line));
    }
}

/// Beside which call in its place the displaced one came: ` came after charge_card`.
fn displacement(slots: &Slots, slot: usize, call: usize, table: &Table<'_>) -> String {
    let made = |range: std::ops::Range<usize>| {
        range.filter_map(|other| match slots.fates[other] {
            Fate::Made(place) => Some(place),
            _ => None,
        })
    };
    let tool = |place: usize| &table.calls[place].tool;
    if let Some(place) = made(slot + 1..slots.fates.len()).find(|place| *place < call) {
        return format!(" came after {}", tool(place));
    }
    if let Some(place) = made(0..slot).find(|place| *place > call) {
        return format!(" came before {}", tool(place));
    }
    String::new()
}

/// Expected calls and calls, line by line. Calls that nobody minds stand on both sides.
fn diff(mode: Mode, slots: &Slots, table: &Table<'_>, taken: &[bool]) -> Diff {
    let mut sides: Vec<DiffSide> = taken
        .iter()
        .map(|taken| {
            if mode.is_closed() && !taken {
                DiffSide::Actual
            } else {
                DiffSide::Both
            }
        })
        .collect();
    let mut has_slot = vec![false; table.calls.len()];
    for fate in &slots.fates {
        match fate {
            Fate::Displaced(call) => sides[*call] = DiffSide::Actual,
            Fate::Made(call) | Fate::Unlike(call) => has_slot[*call] = true,
            Fate::Missing => {}
        }
    }
    let mut lines = Vec::new();
    let mut shown = vec![false; table.calls.len()];
    let mut actual = |call: usize, side: DiffSide, lines: &mut Vec<DiffLine>| {
        if !std::mem::replace(&mut shown[call], true) {
            lines.push(line(
                side,
                call_words(&table.calls[call]),
                side == DiffSide::Actual,
            ));
        }
    };
    let mut reached = 0;
    for (slot, fate) in slots.fates.iter().enumerate() {
        if let Fate::Made(call) = fate {
            if mode.is_sequence() {
                for earlier in (reached..*call).filter(|earlier| !has_slot[*earlier]) {
                    actual(earlier, sides[earlier], &mut lines);
                }
                reached = reached.max(*call);
            }
            actual(*call, sides[*call], &mut lines);
            continue;
        }
        let wanted = expected_words(&table.expected[slots.items[slot]]);
        lines.push(line(DiffSide::Expected, wanted, true));
        if let Fate::Unlike(call) = fate {
            actual(*call, DiffSide::Actual, &mut lines);
        }
    }
    for (call, side) in sides.iter().enumerate() {
        actual(call, *side, &mut lines);
    }
    if lines.len() > MOST_LINES {
        let hidden = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(line(DiffSide::Both, format!("… {hidden} more"), false));
    }
    Diff { lines }
}

fn line(side: DiffSide, text: String, changed: bool) -> DiffLine {
    DiffLine {
        side,
        pieces: vec![DiffPiece { text, changed }],
    }
}
