//! JUnit XML, as CI systems read it; the only room that knows the JUnit crate.
//!
//! The crate builds whole reports in memory, which a run of ten thousand conversations cannot afford. So each
//! conversation is serialised in a report of its own, its element is cut out and spooled, and the elements around it,
//! whose counts are known last, are written at the end in the same way. Every text passes [`redact::xml_text`], so that
//! no character from outside makes the file unreadable.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString,
};

use super::dialogue::{self, Extent};
use super::headline;
use super::output::{Output, Spool};
use super::style::{Canvas, Look, millis};
use super::twins;
use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};
use crate::model::outcome::{Attempt, AttemptOutcome, ConversationResult, Verdict};
use crate::redact;

/// Characters of a `message` attribute, which readers show in lists.
const MOST_OF_A_MESSAGE: usize = 500;
/// Texts that are kept because they come again; a run has few of those, and of others there is no end.
const MOST_KNOWN_TEXTS: usize = 1_000;

/// Writes a JUnit file: one suite for each suite file, one case for each conversation.
#[derive(Debug)]
pub struct Junit {
    output: Output,
    spool: Spool,
    suites: Vec<Suite>,
    names: HashSet<u64>,
    texts: Texts,
}

/// A suite whose cases are in the spool.
#[derive(Debug)]
struct Suite {
    name: String,
    file: String,
    started: Option<DateTime<FixedOffset>>,
    elapsed: Duration,
    counts: Counts,
    cases: Range<u64>,
}

impl Suite {
    fn new(first: &ConversationResult, start: u64) -> Self {
        Self {
            name: first.suite.clone(),
            file: first.file.clone(),
            started: None,
            elapsed: Duration::ZERO,
            counts: Counts::default(),
            cases: start..start,
        }
    }
}

/// Counts as JUnit has them.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        self.tests += 1;
        match verdict {
            Verdict::Failed => self.failures += 1,
            Verdict::Errored => self.errors += 1,
            Verdict::Skipped | Verdict::NotRun => self.skipped += 1,
            Verdict::Passed | Verdict::Flaky => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

impl Junit {
    /// A JUnit file under way.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn new(output: Output) -> io::Result<Self> {
        let spool = output.spool()?;
        Ok(Self {
            output,
            spool,
            suites: Vec::new(),
            names: HashSet::new(),
            texts: Texts::default(),
        })
    }

    /// Spools a case, and counts it.
    fn add(&mut self, result: &ConversationResult, case: &str) -> io::Result<()> {
        let start = self.spool.position();
        self.spool.write_all(case.as_bytes())?;
        if self.suites.last().is_none_or(|suite| suite.name != result.suite) {
            self.suites.push(Suite::new(result, start));
        }
        let started = result
            .attempts
            .first()
            .and_then(|attempt| timestamp(&attempt.started_at));
        if let Some(suite) = self.suites.last_mut() {
            suite.cases.end = self.spool.position();
            suite.elapsed += elapsed(result);
            suite.counts.add(result.verdict);
            suite.started = [suite.started, started].into_iter().flatten().min();
        }
        Ok(())
    }

    /// A name that no other case of this class has: readers tell cases apart by both, and two suites may have one
    /// class (`a/b.yaml` and `a.b.yaml`), or two names that differ only in characters that XML does not know.
    fn unique(&mut self, class: &str, name: &str) -> String {
        let mut candidate = name.to_owned();
        let mut number = 1;
        while !self.names.insert(hash(class, &candidate)) {
            number += 1;
            candidate = format!("{name} ({number})");
        }
        candidate
    }
}

impl Reporter for Junit {
    fn describe(&self) -> String {
        "junit".to_owned()
    }

    fn shows_passed(&self) -> bool {
        false
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let class = attribute(&class_name(&recorded.result.suite));
        let name = self.unique(&class, &attribute(&recorded.result.name));
        let case = serialized(test_case(recorded, &class, name, &mut self.texts))?;
        self.add(&recorded.result, cut_case(&case))
    }

    fn finish(self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()> {
        let Self {
            mut output,
            spool,
            suites,
            ..
        } = *self;
        let mut counts = Counts::default();
        for suite in &suites {
            counts.merge(suite.counts);
        }
        let (before, after) = root(run, end, counts)?;
        output.write_all(before.as_bytes())?;
        let mut cases = spool.end()?;
        for suite in suites {
            output.write_all(suite_tag(&suite)?.as_bytes())?;
            output.copy(&mut cases, suite.cases)?;
            output.write_all(b"    </testsuite>\n")?;
        }
        output.write_all(after.as_bytes())?;
        output.finish()
    }
}

/// A conversation as a test case.
fn test_case(recorded: &Recorded, class: &str, name: String, texts: &mut Texts) -> TestCase {
    let result = &*recorded.result;
    let mut case = TestCase::new(name, status(result));
    case.classname = Some(texts.of(class));
    case.set_time(elapsed(result));
    if let Some(started) = result
        .attempts
        .first()
        .and_then(|attempt| timestamp(&attempt.started_at))
    {
        case.set_timestamp(started);
    }
    case.extra
        .insert(texts.of("file"), texts.of(&attribute(&result.file)));
    case.extra
        .insert(texts.of("line"), result.line.to_string().into());
    for property in properties(result, texts) {
        case.add_property(property);
    }
    if let Some(twins) = recorded.twins.as_ref().filter(|twins| twins::is_compared(twins)) {
        case.add_property(Property::new("twins", attribute(&twins::line(twins))));
    }
    if let Some(attempt) = headline::decisive(result) {
        case.set_assertions(attempt.evaluated());
        // A transcript of what simply passed would fill files that nobody opens; `run.json` has all of them.
        if result.verdict != Verdict::Passed && !attempt.turns.is_empty() {
            case.set_system_out(text(attempt, result, Extent::TRANSCRIPT));
        }
    }
    let mut tolerated = result
        .attempts
        .iter()
        .filter(|attempt| is_tolerated(result, attempt))
        .peekable();
    if tolerated.peek().is_some() {
        let bodies: Vec<String> = tolerated.map(|attempt| body(result, attempt)).collect();
        case.set_system_out(bodies.concat());
    }
    case
}

fn status(result: &ConversationResult) -> TestCaseStatus {
    let mut status = match result.verdict {
        Verdict::Passed | Verdict::Flaky => TestCaseStatus::success(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Errored => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Skipped | Verdict::NotRun => TestCaseStatus::skipped(),
    };
    if !matches!(result.verdict, Verdict::Passed | Verdict::Flaky) {
        let found = headline::of(result);
        status.set_message(message(&found.text));
        status.set_type(attribute(match result.verdict {
            Verdict::Skipped => "skipped",
            Verdict::NotRun => "not-run",
            _ => &found.kind,
        }));
    }
    let shown = decides(result);
    if let Some(attempt) = shown.filter(|_| matches!(result.verdict, Verdict::Failed | Verdict::Errored)) {
        status.set_description(body(result, attempt));
    }
    for attempt in &result.attempts {
        if shown.is_none_or(|shown| !std::ptr::eq(shown, attempt))
            && !is_tolerated(result, attempt)
            && let Some(rerun) = rerun(result, attempt)
        {
            status.add_rerun(rerun);
        }
    }
    status
}

/// Whether an attempt failed as it may: readers would take what passed for flaky.
fn is_tolerated(result: &ConversationResult, attempt: &Attempt) -> bool {
    result.verdict == Verdict::Passed && attempt.outcome == AttemptOutcome::Failed
}

/// What went wrong in each attempt that may fail.
fn tolerated(result: &ConversationResult) -> Option<String> {
    let failures: Vec<String> = result
        .attempts
        .iter()
        .filter(|attempt| is_tolerated(result, attempt))
        .map(|attempt| {
            let found = headline::of_attempt(result, attempt).map(|found| message(&found.text));
            let what = found.unwrap_or_else(|| "it did not pass".to_owned());
            format!("play {}: {what}", attempt.play)
        })
        .collect();
    (!failures.is_empty()).then(|| failures.join("; "))
}

/// The attempt that the case's own status tells of; the others are told of in rerun and flaky elements.
fn decides(result: &ConversationResult) -> Option<&Attempt> {
    match result.verdict {
        Verdict::Failed | Verdict::Errored => headline::decisive(result),
        Verdict::Passed | Verdict::Flaky => result
            .attempts
            .iter()
            .rev()
            .find(|attempt| attempt.outcome == AttemptOutcome::Passed),
        Verdict::Skipped | Verdict::NotRun => None,
    }
}

/// An attempt beside the one that decided; nothing for one that passed or was cancelled.
fn rerun(result: &ConversationResult, attempt: &Attempt) -> Option<TestRerun> {
    let kind = match attempt.outcome {
        AttemptOutcome::Failed => NonSuccessKind::Failure,
        AttemptOutcome::Errored => NonSuccessKind::Error,
        AttemptOutcome::Passed | AttemptOutcome::Cancelled => return None,
    };
    let found = headline::of_attempt(result, attempt);
    let (what, kind_of) = found.map_or(
        ("it did not pass".to_owned(), "conversation".to_owned()),
        |found| (found.text, found.kind),
    );
    let mut rerun = TestRerun::new(kind);
    rerun.set_message(message(&what));
    rerun.set_type(attribute(&kind_of));
    rerun.set_time(millis(attempt.elapsed_ms));
    if let Some(started) = timestamp(&attempt.started_at) {
        rerun.set_timestamp(started);
    }
    rerun.set_description(body(result, attempt));
    Some(rerun)
}

fn properties(result: &ConversationResult, texts: &mut Texts) -> Vec<Property> {
    let turns: usize = result.attempts.iter().map(Attempt::sent).sum();
    let sessions: Vec<&str> = result
        .attempts
        .iter()
        .map(|attempt| attempt.session.as_str())
        .collect();
    let mut all = vec![
        ("verdict", headline::said(result.verdict).replace(' ', "-")),
        ("target", result.target.clone()),
        ("attempts", result.attempts.len().to_string()),
        ("turns", turns.to_string()),
    ];
    if !sessions.is_empty() {
        all.push(("sessions", sessions.join(" ")));
    }
    if !result.tags.is_empty() {
        all.push(("tags", result.tags.join(",")));
    }
    all.extend(
        result
            .channel
            .map(|channel| ("channel", channel.name().to_owned())),
    );
    all.extend(result.row.clone().map(|row| ("row", row)));
    all.extend(tolerated(result).map(|failures| ("tolerated", failures)));
    all.extend(result.known_issue.clone().map(|issue| ("known_issue", issue)));
    all.into_iter()
        .map(|(name, value)| Property {
            name: texts.of(name),
            value: match name {
                "sessions" | "row" | "tolerated" => attribute(&value).into(),
                _ => texts.of(&attribute(&value)),
            },
        })
        .collect()
}

/// Texts as the crate has them. It looks at them at length, and most are the same in case after case.
#[derive(Debug, Default)]
struct Texts(HashMap<String, XmlString>);

impl Texts {
    fn of(&mut self, text: &str) -> XmlString {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new = XmlString::new(text);
        if self.0.len() < MOST_KNOWN_TEXTS {
            self.0.insert(text.to_owned(), new.clone());
        }
        new
    }
}

/// What differs, in the conversation it happened in; the reason where no attempt shows it.
fn body(result: &ConversationResult, attempt: &Attempt) -> String {
    let differences = text(attempt, result, Extent::WHOLE);
    match &result.reason {
        Some(reason) if attempt.outcome == AttemptOutcome::Passed => {
            format!("\n{}\n{differences}", redact::xml_text(reason))
        }
        _ => format!("\n{differences}"),
    }
}

fn text(attempt: &Attempt, result: &ConversationResult, extent: Extent) -> String {
    let mut canvas = Canvas::new(Look::plain());
    dialogue::write(&mut canvas, attempt, &result.file, extent);
    redact::xml_text(&canvas.into_text()).into_owned()
}

/// `billing/pay` → `billing.pay`.
fn class_name(suite: &str) -> String {
    suite.replace(['/', '\\'], ".")
}

/// The first line, because readers join the lines of an attribute.
fn message(text: &str) -> String {
    let line = attribute(text.lines().next().unwrap_or_default());
    match line.char_indices().nth(MOST_OF_A_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Text in one line.
fn attribute(text: &str) -> String {
    let text = redact::xml_text(text);
    if text.contains(['\n', '\t', '\r']) {
        text.replace(['\n', '\t', '\r'], " ")
    } else {
        text.into_owned()
    }
}

fn elapsed(result: &ConversationResult) -> Duration {
    result
        .attempts
        .iter()
        .map(|attempt| millis(attempt.elapsed_ms))
        .sum()
}

fn timestamp(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

fn hash(class: &str, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (class, name).hash(&mut hasher);
    hasher.finish()
}

/// One case in a report of its own.
fn serialized(case: TestCase) -> io::Result<String> {
    let mut suite = TestSuite::new("");
    suite.add_test_case(case);
    let mut report = Report::unnamed();
    report.add_test_suite(suite);
    report.to_string().map_err(io::Error::other)
}

/// The lines of the one case. Markup within texts is escaped, so the first `<testcase` and the last `</testsuite>`
/// are those of the report.
fn cut_case(report: &str) -> &str {
    let line_of = |at: usize| report[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let start = report.find("<testcase").map_or(0, line_of);
    let end = report.rfind("</testsuite>").map_or(report.len(), line_of);
    &report[start..end]
}

/// The opening tag of a suite.
fn suite_tag(suite: &Suite) -> io::Result<String> {
    let mut empty = TestSuite::new(attribute(&suite.name));
    (empty.tests, empty.failures) = (suite.counts.tests, suite.counts.failures);
    (empty.errors, empty.skipped) = (suite.counts.errors, suite.counts.skipped);
    empty.set_time(suite.elapsed);
    if let Some(started) = suite.started {
        empty.set_timestamp(started);
    }
    empty.extra.insert("file".into(), attribute(&suite.file).into());
    let mut report = Report::unnamed();
    report.add_test_suite(empty);
    let text = report.to_string().map_err(io::Error::other)?;
    let tag = text
        .lines()
        .find(|line| line.trim_start().starts_with("<testsuite "));
    Ok(format!(
        "{}>\n",
        tag.unwrap_or("    <testsuite").trim_end_matches("/>")
    ))
}

/// What stands before the first and after the last suite.
fn root(run: &RunInfo, end: &RunEnd, counts: Counts) -> io::Result<(String, String)> {
    let mut report = Report::new("turnproof");
    (report.tests, report.failures) = (counts.tests, counts.failures);
    (report.errors, report.skipped) = (counts.errors, counts.skipped);
    report.set_time(end.elapsed);
    if let Some(started) = timestamp(&run.started_at) {
        report.set_timestamp(started);
    }
    if let Ok(id) = run.id.parse() {
        report.set_uuid(id);
    }
    let text = report.to_string().map_err(io::Error::other)?;
    let at = text.rfind("</testsuites>").unwrap_or(text.len());
    Ok((text[..at].to_owned(), text[at..].to_owned()))
}
