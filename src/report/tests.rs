//! Reports of hand-made results: what they look like, and that no text from outside breaks them.

pub(crate) mod sample;

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::outcome::{AttemptOutcome, ConversationResult, PlayedTurn, Sent, Verdict};

/// A stream whose text a test can read.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn destination(&self) -> Destination {
        Destination::stream(self.clone())
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(results: &[ConversationResult], look: Look, detail: Detail) -> String {
    let buffer = Buffer::default();
    let ledger = Ledger::default();
    ledger.add(Path::new("reports/junit.xml"));
    let reporter = terminal::Terminal::new(buffer.destination(), look, detail, ledger);
    written(results, Box::new(reporter));
    buffer.text()
}

fn recorded(result: ConversationResult) -> Recorded {
    let json = serde_json::to_vec(&result).unwrap().into();
    let result = result.into();
    let twins = None;
    Recorded { result, json, twins }
}

fn written(results: &[ConversationResult], mut reporter: Box<dyn Reporter>) {
    for result in results {
        reporter.conversation(&recorded(result.clone())).unwrap();
    }
    reporter.finish(&sample::run(), &sample::end(results)).unwrap();
}

fn options() -> Options {
    Options {
        look: Look {
            color: false,
            width: 100,
        },
        detail: Detail::default(),
        folder_in_repository: PathBuf::new(),
    }
}

/// The file that a report of this format leaves.
fn file(format: Format, results: &[ConversationResult]) -> String {
    file_of(format, results, |_| {})
}

/// As [`file`], when something happens to the results after they were put into the journal.
fn file_of(format: Format, results: &[ConversationResult], change: fn(&mut ConversationResult)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report");
    let spec = ReportSpec {
        format,
        path: Some(path.clone()),
    };
    let (mut reporters, errors) = open(&[spec], &options());
    assert!(errors.is_empty(), "{errors:?}");
    let mut reporter = reporters.pop().unwrap();
    for result in results {
        let mut recorded = recorded(result.clone());
        change(Arc::make_mut(&mut recorded.result));
        reporter.conversation(&recorded).unwrap();
    }
    reporter.finish(&sample::run(), &sample::end(results)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    text.replace(&path.display().to_string(), "report")
}

/// All samples, without remarks of the emulator.
fn without_notes() -> Vec<ConversationResult> {
    let mut results = sample::all();
    let attempts = results.iter_mut().flat_map(|result| &mut result.attempts);
    let replies = attempts
        .flat_map(|attempt| &mut attempt.turns)
        .filter_map(|turn| turn.reply.as_mut());
    replies.for_each(|reply| reply.notes.clear());
    results
}

/// What no report shows need not be kept for them.
#[test]
fn reports_are_the_same_without_the_turns_of_what_passed() {
    let results = without_notes();
    let mut outlined = results.clone();
    outlined.iter_mut().for_each(ConversationResult::outline);
    assert!(outlined != results, "something passed");
    assert_eq!(sample::end(&outlined).summary, sample::end(&results).summary);
    for format in Format::ALL {
        let [whole, outlined] = [|_: &mut _| {}, ConversationResult::outline as fn(&mut _)]
            .map(|change| file_of(format, &results, change));
        assert_eq!(whole, outlined, "{format:?}");
    }
}

#[test]
fn only_reports_that_show_what_passed_ask_for_it() {
    let shows = |detail| {
        let (look, ledger) = (NARROW, Ledger::default());
        let output = Buffer::default().destination();
        terminal::Terminal::new(output, look, detail, ledger).shows_passed()
    };
    let detail = Detail::default;
    assert!(!shows(detail()));
    assert!(shows(Detail {
        verbose: true,
        ..detail()
    }));
    assert!(shows(Detail {
        print_expect: true,
        ..detail()
    }));
}

/// Remarks of an emulator are told whatever came of the turn, and twins are compared turn by turn.
#[test]
fn what_is_told_of_passed_turns_stays() {
    let passed = without_notes().into_iter().find(|result| {
        let mut outlined = result.clone();
        outlined.outline();
        outlined != *result
    });
    let mut noted = passed.unwrap();
    let mut twin = noted.clone();
    let reply = noted.attempts[0].turns[0].reply.as_mut().unwrap();
    reply.notes.push("`@sys.color` is not known".to_owned());
    twin.twin = Some("passes".to_owned());
    for result in [noted, twin] {
        let mut outlined = result.clone();
        outlined.outline();
        assert_eq!(outlined, result);
    }
}

const NARROW: Look = Look {
    color: false,
    width: 92,
};

#[test]
fn terminal_shows_what_did_not_pass() {
    insta::assert_snapshot!(terminal(&sample::all(), NARROW, Detail::default()));
}

#[test]
fn terminal_shows_everything_when_asked() {
    let detail = Detail {
        verbose: true,
        shuffled: true,
        fail_on_flaky: true,
        notices: vec!["suites that kept their target: support/chat (support)".to_owned()],
        ..Detail::default()
    };
    insta::assert_snapshot!(terminal(&sample::all(), NARROW, detail));
}

#[test]
fn terminal_in_colour_says_the_same_words() {
    let look = Look {
        color: true,
        ..NARROW
    };
    let colored = terminal(&[sample::failing()], look, Detail::default());
    insta::assert_snapshot!(colored.replace('\u{1b}', "␛"));
    let plain = terminal(&[sample::failing()], NARROW, Detail::default());
    let without_carets = |text: &str| {
        let is_carets = |line: &&str| !line.contains('^');
        text.lines()
            .filter(is_carets)
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        without_carets(&anstream::adapter::strip_str(&colored).to_string()),
        without_carets(&plain)
    );
}

#[test]
fn terminal_of_a_run_without_trouble_is_short() {
    let results = [sample::passing(), sample::recovered()];
    insta::assert_snapshot!(terminal(&results, NARROW, Detail::default()));
}

#[test]
fn terminal_suggests_expectations_for_turns_without_any() {
    let detail = Detail {
        print_expect: true,
        ..Detail::default()
    };
    let text = terminal(&[sample::passing(), sample::recovered()], NARROW, detail);
    assert_eq!(
        text.matches("PASSED").count(),
        1,
        "only where a turn has none: {text}"
    );
    assert_eq!(text.matches("this would pass:").count(), 1, "{text}");
    assert!(
        text.contains("     │       reply: Are you still there?\n"),
        "{text}"
    );
}

#[test]
fn terminal_lists_further_failures_in_two_lines_each() {
    let results: Vec<_> = (0..60)
        .map(|number| ConversationResult {
            name: format!("number {number}"),
            ..sample::errored()
        })
        .collect();
    let text = terminal(&results, NARROW, Detail::default());
    assert_eq!(text.matches("hint").count(), 50);
    assert_eq!(text.matches("number 55").count(), 1);
    assert!(text.contains("and 30 more"), "{text}");
}

#[test]
fn no_line_of_the_terminal_begins_a_workflow_command() {
    for verbose in [false, true] {
        let detail = Detail {
            verbose,
            ..Detail::default()
        };
        let text = terminal(&sample::all(), NARROW, detail);
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line:?}");
            assert!(!line.contains("##vso["), "{line:?}");
        }
    }
}

#[test]
fn junit_tells_every_verdict_apart() {
    insta::assert_snapshot!(file(Format::Junit, &sample::all()));
}

/// `repeat` with `pass: { at_least: … }`: what may fail does not make a conversation flaky.
#[test]
fn junit_does_not_call_flaky_what_passed() {
    let mut result = sample::flaky();
    result.verdict = Verdict::Passed;
    result.attempts.remove(0);
    let xml = file(Format::Junit, &[result]);
    assert!(!xml.contains("<flaky") && !xml.contains("<rerun"), "{xml}");
    let told =
        "<property name=\"tolerated\" value=\"play 1: turn 1: latency: expected less than 4, got 5.2\"/>";
    assert!(xml.contains(told), "{xml}");
    assert!(xml.contains("✗ latency"), "{xml}");
    parsed(&xml);
}

#[test]
fn junit_of_nothing_is_well_formed() {
    assert_eq!(parsed(&file(Format::Junit, &[])).tests, 0);
}

#[test]
fn junit_counts_agree_with_its_cases() {
    let report = parsed(&file(Format::Junit, &sample::all()));
    assert_eq!(
        (report.tests, report.failures, report.errors, report.skipped),
        (10, 3, 2, 2)
    );
    assert_eq!(report.test_suites.len(), 2);
    for suite in &report.test_suites {
        assert_eq!(suite.tests, suite.test_cases.len());
    }
}

#[test]
fn junit_names_are_unique_within_their_class() {
    let in_suite = |suite: &str| ConversationResult {
        suite: suite.to_owned(),
        ..sample::passing()
    };
    let results = [in_suite("a/b"), in_suite("a.b"), in_suite("a/b")];
    let report = parsed(&file(Format::Junit, &results));
    let mut names: Vec<_> = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .map(|case| {
            (
                case.classname.clone().unwrap().into_string(),
                case.name.clone().into_string(),
            )
        })
        .collect();
    assert_eq!(names.len(), 3);
    names.dedup();
    assert_eq!(names.len(), 3);
}

#[test]
fn json_is_the_result_file() {
    let text = file(Format::Json, &sample::all());
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["format"], "turnproof-run/1");
    assert_eq!(document["summary"]["failed"], 3);
    assert_eq!(document["run"]["elapsed_ms"], 12_345.0);
    let back: Vec<ConversationResult> = serde_json::from_value(document["conversations"].clone()).unwrap();
    assert_eq!(back, sample::all());
    let keys: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["format", "conversations", "run", "summary"]);
    insta::assert_snapshot!(file(Format::Json, &[sample::passing(), sample::skipped()]));
}

#[test]
fn json_of_nothing_is_a_document() {
    let document: serde_json::Value = serde_json::from_str(&file(Format::Json, &[])).unwrap();
    assert_eq!(document["conversations"], json!([]));
}

#[test]
fn github_marks_the_lines_of_expectations() {
    insta::assert_snapshot!(file(Format::Github, &sample::all()));
}

#[test]
fn github_says_how_many_it_does_not_show() {
    let results = vec![sample::failing(); 25];
    let text = file(Format::Github, &results);
    assert_eq!(text.lines().count(), 10);
    assert!(text.lines().last().unwrap().contains("16 more"), "{text}");
}

#[test]
fn a_file_that_could_not_be_written_is_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::default();
    let path = folder.path().join("gone/run.json");
    let spec = ReportSpec {
        format: Format::Json,
        path: Some(path),
    };
    let mut reporter = open_one(&spec, &options(), &ledger).unwrap();
    reporter.conversation(&recorded(sample::passing())).unwrap();
    assert_eq!(ledger.paths().len(), 1);
    std::fs::remove_dir_all(folder.path().join("gone")).unwrap();
    let error = reporter.finish(&sample::run(), &sample::end(&[])).unwrap_err();
    assert!(hint(&error).contains("--report"));
    assert!(ledger.paths().is_empty());
}

#[test]
fn reports_that_cannot_be_opened_are_known_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let spec = |format, path: PathBuf| ReportSpec {
        format,
        path: Some(path),
    };
    let shared = folder.path().join("shared");
    let specs = [
        spec(Format::Json, in_the_way.join("run.json")),
        spec(Format::Junit, shared.clone()),
        spec(Format::Github, shared.clone()),
        spec(Format::Junit, shared),
        // However it is written.
        spec(Format::Json, folder.path().join(".").join("shared")),
        ReportSpec::usual(Format::Terminal),
    ];
    let (reporters, errors) = open(&specs, &options());
    let described: Vec<String> = reporters.iter().map(|reporter| reporter.describe()).collect();
    assert_eq!(described.len(), 2, "{described:?}");
    assert_eq!(described[1], "terminal");
    assert_eq!(errors.len(), 3);
    assert!(errors[0].to_string().contains("run.json"), "{}", errors[0]);
    assert!(errors[1].to_string().contains("same file"), "{}", errors[1]);
}

#[test]
fn report_names_are_parsed() {
    let parsed = |text: &str| text.parse::<ReportSpec>();
    assert_eq!(parsed("junit").unwrap(), ReportSpec::usual(Format::Junit));
    assert_eq!(parsed("json=a=b").unwrap().target(), Some(Path::new("a=b")));
    assert!(
        parsed("html")
            .unwrap_err()
            .contains("junit, json, github, terminal")
    );
    assert!(parsed("junit=").is_err());
}

fn parsed(xml: &str) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(xml).unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

/// A conversation in which every text is the same.
fn saying(text: &str, outcome: AttemptOutcome, verdict: Verdict) -> ConversationResult {
    let mut result = sample::hostile();
    result.name = text.to_owned();
    result.suite = text.to_owned();
    result.file = text.to_owned();
    result.reason = Some(text.to_owned());
    result.tags = vec![text.to_owned()];
    result.verdict = verdict;
    let attempt = &mut result.attempts[0];
    attempt.outcome = outcome;
    attempt.session = text.to_owned();
    let turn = &mut attempt.turns[0];
    turn.input = json!({ "say": text });
    turn.failures = vec![text.to_owned()];
    turn.expectations[0].message = text.to_owned();
    turn.expectations[0].actual = json!(text);
    turn.reply.as_mut().unwrap().texts = vec![text.to_owned(), text.to_owned()];
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_well_formed_xml(text in any::<String>(), at in 0..HARD.len()) {
        let text = format!("{text}{}{text}", HARD[at]);
        let results = [
            saying(&text, AttemptOutcome::Failed, Verdict::Failed),
            saying(&text, AttemptOutcome::Errored, Verdict::Errored),
            saying(&text, AttemptOutcome::Failed, Verdict::Flaky),
            saying(&text, AttemptOutcome::Failed, Verdict::Skipped),
        ];
        let xml = file(Format::Junit, &results);
        let report = parsed(&xml);
        prop_assert_eq!(report.tests, 4);
        let is_xml = |character: char| {
            matches!(character, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        };
        prop_assert!(xml.chars().all(is_xml));
        let case = &report.test_suites[0].test_cases[0];
        let said = crate::redact::xml_text(&text).split_whitespace().collect::<String>();
        let kept = case.name.as_str().split_whitespace().collect::<String>();
        prop_assert_eq!(kept, said);
    }

    #[test]
    fn any_text_leaves_the_terminal_in_order(text in any::<String>(), at in 0..HARD.len()) {
        let text = format!("{text}{}{text}", HARD[at]);
        let result = saying(&text, AttemptOutcome::Failed, Verdict::Failed);
        let shown = terminal(&[result], NARROW, Detail { verbose: true, ..Detail::default() });
        for line in shown.lines() {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            prop_assert!(!line.trim_start().starts_with("::"), "{line:?}");
        }
    }
}

/// Texts that have broken such files before.
const HARD: [&str; 8] = [
    "]]>",
    "\u{0}",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{202e}",
    "\u{ffff}\u{fffe}",
    "<testcase></testsuite>&#x0;",
    "\r\n::error::",
];

/// A turn that was cut off before it left has nothing to be counted for.
#[test]
fn turns_that_were_never_sent_are_not_counted() {
    let played = sample::turn(1, json!({ "say": "hi" }), "hello", vec![]);
    let never_sent = PlayedTurn {
        sent: Sent::No,
        reply: None,
        ..played.clone()
    };
    let mut result = sample::conversation("cut short", Verdict::NotRun);
    result.attempts = vec![sample::attempt(
        AttemptOutcome::Cancelled,
        vec![played, never_sent],
    )];
    assert_eq!(sample::end(&[result]).summary.turns, 1);
}
