//! `turnproof-coverage/1`: what was touched and what was not, as one stable document for programs. Readers ignore keys
//! they do not know.

use serde::Serialize;

use super::run_file::RunHead;
use super::{Coverage, Covered, Figure, Kind, Minimum};

/// Name and version of the format.
pub const FORMAT: &str = "turnproof-coverage/1";

/// An export, as the document names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportName {
    /// As it was given, or as the settings give it.
    pub path: String,
    /// SHA-256 of the files that decide what the agent does.
    pub hash: String,
}

/// What the figures are about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The runs, in the order given.
    pub runs: Vec<RunHead>,
    /// Names of the targets whose turns count.
    pub targets: Vec<String>,
    /// Conversations of which a turn counts.
    pub conversations: u64,
    /// The export whose resources are counted.
    pub export: ExportName,
    /// The older export, when only what changed since counts.
    pub since: Option<ExportName>,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    runs: Vec<Run<'a>>,
    targets: &'a [String],
    export: &'a ExportName,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a ExportName>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    different_settings: &'a [&'static str],
    conversations: u64,
    turns: u64,
    untraced_turns: u64,
    total: FigureRecord,
    kinds: Vec<KindRecord>,
    minima: Vec<MinimumRecord>,
    resources: Vec<ResourceRecord<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    started_at: &'a str,
}

/// `percent` is rounded down to one decimal; null where there is nothing to touch.
#[derive(Serialize)]
struct FigureRecord {
    touched: usize,
    of: usize,
    percent: Option<f64>,
}

#[derive(Serialize)]
struct KindRecord {
    kind: String,
    in_total: bool,
    #[serde(flatten)]
    figure: FigureRecord,
}

#[derive(Serialize)]
struct MinimumRecord {
    figure: String,
    percent: f64,
    reached: bool,
}

#[derive(Serialize)]
struct ResourceRecord<'a> {
    kind: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form_parameter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_type: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    touched: bool,
    turns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// The document, with a line break at its end.
///
/// # Errors
/// None in practice: everything in it has a form in JSON.
pub fn document(subject: &Subject, coverage: &Coverage, minima: &[Minimum]) -> serde_json::Result<String> {
    let kinds = Kind::ALL.into_iter().map(|kind| KindRecord {
        kind: kind.key(),
        in_total: kind.is_in_total(),
        figure: coverage.figure(Some(kind)).into(),
    });
    let reached = minima.iter().map(|minimum| MinimumRecord {
        figure: minimum.figure_name(),
        percent: minimum.percent,
        reached: coverage.figure(minimum.kind).reaches(minimum.percent),
    });
    let runs = subject.runs.iter().map(|run| Run {
        id: &run.id,
        started_at: &run.started_at,
    });
    let document = Document {
        format: FORMAT,
        runs: runs.collect(),
        targets: &subject.targets,
        export: &subject.export,
        since: subject.since.as_ref(),
        different_settings: &coverage.different_settings,
        conversations: subject.conversations,
        turns: coverage.turns,
        untraced_turns: coverage.untraced,
        total: coverage.figure(None).into(),
        kinds: kinds.collect(),
        minima: reached.collect(),
        resources: coverage.resources.iter().map(ResourceRecord::from).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

impl From<Figure> for FigureRecord {
    fn from(figure: Figure) -> Self {
        Self {
            touched: figure.touched,
            of: figure.of,
            percent: figure.percent(),
        }
    }
}

impl<'a> From<&'a Covered> for ResourceRecord<'a> {
    fn from(covered: &'a Covered) -> Self {
        let resource = &covered.resource;
        Self {
            kind: resource.kind.noun().replace(' ', "-"),
            id: &resource.id,
            flow: resource.flow.as_deref(),
            page: resource.page.as_deref(),
            route_group: resource.group.as_deref(),
            form_parameter: resource.parameter.as_deref(),
            entity_type: resource.entity_type.as_deref(),
            name: &resource.name,
            target: resource.target.as_deref(),
            touched: covered.is_touched(),
            turns: covered.turns,
            change: covered.change.map(super::Change::name),
            note: covered.note(),
        }
    }
}
