//! `examples` and `matrix`: the rows that make many cases from one conversation.

use std::path::Path;
use std::sync::Arc;

use super::template::fill::{Names, fill};
use super::template::text::{Piece, bytes, marked, pieces, plain};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::{Map as Object, Value};
use crate::settings::root::Root;
use crate::yaml::{self, Kind, Map, Node, Reader};

/// Most cases made from one conversation; more are a slip of the finger.
const MOST_ROWS: usize = 10_000;
/// Bytes that the cases of one conversation may hold: each row has its own copy of what is crossed.
const MOST_BYTES: usize = 64 << 20;

/// One case: what its names stand for, and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The values.
    pub(super) values: Object,
    /// Where they come from: a row of `examples`, a combination of `matrix`, of conversation and suite.
    parts: Vec<Part>,
}

/// A part of a row.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// Its `name` column, else its values joined.
    name: String,
    /// The names it binds.
    columns: Arc<[String]>,
}

/// What rows are read with.
pub(super) struct RowSource<'a> {
    /// The root, below which files must lie.
    pub(super) root: &'a Root,
    /// The suite file.
    pub(super) beside: &'a Path,
    /// What the values of rows may refer to.
    pub(super) names: Names<'a>,
}

/// The rows that `examples` and `matrix` of a mapping make; `None` when it has neither, or when they are wrong.
pub(super) fn rows(map: &Map, source: &RowSource<'_>, reader: &mut Reader) -> Option<Vec<Row>> {
    let problems = reader.problems.len();
    let examples = map
        .get("examples")
        .and_then(|node| examples(node, source, reader));
    let matrix = map.get("matrix").and_then(|node| matrix(node, source, reader));
    if reader.problems.len() > problems {
        return None;
    }
    let rows = match (examples, matrix) {
        (None, None) => return None,
        (Some(rows), None) | (None, Some(rows)) => rows,
        (Some(examples), Some(matrix)) => {
            check_bound_once(map, &examples, reader)?;
            return cross_of(map, &examples, &matrix, reader);
        }
    };
    if rows.len() > MOST_ROWS {
        too_many(reader, &TooMany::Rows, place(map));
        return None;
    }
    Some(rows)
}

/// A name that examples bind would only multiply them in the matrix: its values there are never seen.
fn check_bound_once(map: &Map, examples: &[Row], reader: &mut Reader) -> Option<()> {
    let matrix = map.get("matrix").and_then(Node::as_map);
    let twice = matrix
        .into_iter()
        .flat_map(|matrix| &matrix.entries)
        .find(|axis| examples.iter().any(|row| row.values.contains_key(&axis.key.name)));
    let Some(axis) = twice else { return Some(()) };
    let name = &axis.key.name;
    let message = format!("`{name}` has values in `examples`, too, which those here would never outweigh");
    reader
        .error("two-of-one", message, axis.key.span.clone())
        .help
        .push("give one of them another name".to_owned());
    None
}

/// The rows that a mapping makes, crossed with others; nothing when that makes too many.
pub(super) fn cross_of(map: &Map, first: &[Row], second: &[Row], reader: &mut Reader) -> Option<Vec<Row>> {
    let crossed = cross(first, second);
    crossed
        .map_err(|too_many_of| too_many(reader, &too_many_of, place(map)))
        .ok()
}

/// Where a mapping says which rows it makes.
fn place(map: &Map) -> std::ops::Range<usize> {
    let entry = map.entry("matrix").or_else(|| map.entry("examples"));
    entry.map(|entry| entry.key.span.clone()).unwrap_or_default()
}

/// What there is too much of.
#[derive(Debug, PartialEq, Eq)]
enum TooMany {
    Rows,
    Bytes,
}

fn too_many(reader: &mut Reader, of: &TooMany, span: std::ops::Range<usize>) {
    let message = match of {
        TooMany::Rows => format!("more than {MOST_ROWS} cases come of this"),
        TooMany::Bytes => format!(
            "the cases that come of this hold more than {} MiB",
            MOST_BYTES >> 20
        ),
    };
    reader.error("too-many-rows", message, span);
}

/// Every row of one with every row of the other; the first outweighs the second.
fn cross(first: &[Row], second: &[Row]) -> Result<Vec<Row>, TooMany> {
    if first.len().saturating_mul(second.len()) > MOST_ROWS {
        return Err(TooMany::Rows);
    }
    let bytes = |rows: &[Row]| rows.iter().map(Row::bytes).sum::<usize>();
    let of_first = bytes(first).saturating_mul(second.len());
    if of_first.saturating_add(bytes(second).saturating_mul(first.len())) > MOST_BYTES {
        return Err(TooMany::Bytes);
    }
    let pairs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| (one, other)));
    let crossed = |(one, other): (&Row, &Row)| {
        let mut values = other.values.clone();
        values.extend(one.values.clone());
        let parts = one.parts.iter().chain(&other.parts).cloned().collect();
        Row { values, parts }
    };
    Ok(pairs.map(crossed).collect())
}

impl Row {
    fn new(values: Object, columns: Arc<[String]>) -> Self {
        let own = values
            .get("name")
            .map(shown)
            .filter(|name| !name.trim().is_empty());
        let name = own.unwrap_or_else(|| values.values().map(shown).collect::<Vec<_>>().join(", "));
        let parts = vec![Part { name, columns }];
        Self { values, parts }
    }

    /// About how much memory a copy takes.
    fn bytes(&self) -> usize {
        let values = self.values.iter().map(|(name, value)| name.len() + bytes(value));
        let names = self.parts.iter().map(|part| part.name.len());
        values.chain(names).sum()
    }
}

/// A value as a part of a row's name.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text).into_owned(),
        other => other.to_string(),
    }
}

// ---- examples ----

fn examples(node: &Node, source: &RowSource<'_>, reader: &mut Reader) -> Option<Vec<Row>> {
    let rows = match &node.kind {
        Kind::List(list) => list
            .items
            .iter()
            .filter_map(|item| example(item, source, reader))
            .collect(),
        Kind::Text(text) => from_file(&text.value, node, source, reader)?,
        _ => {
            reader.wrong_type(
                node,
                "`examples`",
                "a list of mappings, or the path of a CSV or YAML file",
            );
            return None;
        }
    };
    if rows.is_empty() && reader.problems.is_empty() {
        reader.error(
            "no-rows",
            "`examples` has no rows: nothing would be played",
            node.span.clone(),
        );
        return None;
    }
    Some(rows)
}

fn example(node: &Node, source: &RowSource<'_>, reader: &mut Reader) -> Option<Row> {
    let map = reader.map(node, "a row of `examples`")?;
    if map.entries.is_empty() {
        reader.error("empty-value", "a row of `examples` is empty", node.span.clone());
        return None;
    }
    check_numbers(node, reader);
    reader.check_said(node);
    let filled = fill(node, &source.names, reader);
    filled.as_map().map(|map| {
        let values = map.to_object();
        let columns = values.keys().cloned().collect();
        Row::new(values, columns)
    })
}

fn check_numbers(node: &Node, reader: &mut Reader) {
    match &node.kind {
        Kind::Number(number) => reader.check_number(number, node),
        Kind::List(list) => list.items.iter().for_each(|item| check_numbers(item, reader)),
        Kind::Map(map) => map
            .entries
            .iter()
            .for_each(|entry| check_numbers(&entry.value, reader)),
        _ => {}
    }
}

/// A file beside the suite, else at the root.
fn from_file(mentioned: &str, node: &Node, source: &RowSource<'_>, reader: &mut Reader) -> Option<Vec<Row>> {
    let path = match source.root.find(source.beside, mentioned) {
        Ok(path) => path,
        Err(error) => {
            let problem = reader.error("missing-file", error.to_string(), node.span.clone());
            problem
                .help
                .push("paths start beside this file, else at the folder of turnproof.yaml".to_owned());
            return None;
        }
    };
    let file = match yaml::read(&path, &source.root.shown(&path)) {
        Ok(file) => file,
        Err(problem) => {
            let used_in = std::sync::Arc::clone(&reader.file);
            reader.push(problem.at(&used_in, node.span.clone(), "used here"));
            return None;
        }
    };
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let found = match extension.to_lowercase().as_str() {
        "csv" => csv_rows(&file),
        "yaml" | "yml" => yaml_rows(&file, source),
        _ => {
            let message = format!("`{mentioned}` is neither a CSV nor a YAML file");
            reader.error("missing-file", message, node.span.clone());
            return None;
        }
    };
    match found {
        Ok(rows) => Some(rows),
        Err(problems) => {
            reader.problems.extend(problems);
            None
        }
    }
}

fn yaml_rows(file: &Arc<SourceFile>, source: &RowSource<'_>) -> Result<Vec<Row>, Vec<Diagnostic>> {
    let parsed = yaml::parse(file);
    let mut reader = Reader::new(file);
    reader.problems = parsed.problems;
    let mut rows = Vec::new();
    if let Some(root) = &parsed.root
        && let Some(items) = reader.list(root, "a file of examples")
    {
        rows.extend(items.iter().filter_map(|item| example(item, source, &mut reader)));
    }
    if rows.is_empty() && reader.problems.is_empty() {
        return Err(vec![no_rows(file)]);
    }
    if reader.problems.is_empty() {
        Ok(rows)
    } else {
        Err(reader.problems)
    }
}

fn no_rows(file: &Arc<SourceFile>) -> Diagnostic {
    Diagnostic::error("no-rows", "the file has no rows: nothing would be played").in_file(&file.path)
}

/// The first line names the columns; every cell is text, and stays text if it looks like a template.
fn csv_rows(file: &Arc<SourceFile>) -> Result<Vec<Row>, Vec<Diagnostic>> {
    let text = file.text.strip_prefix('\u{FEFF}').unwrap_or(&file.text);
    let offset = file.text.len() - text.len();
    check_quotes(file, text, offset).map_err(|problem| vec![problem])?;
    let mut table = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let columns = match table.headers() {
        Ok(columns) if !columns.is_empty() && columns.iter().any(|name| !name.is_empty()) => columns.clone(),
        Ok(_) => return Err(vec![no_rows(file)]),
        Err(error) => return Err(vec![csv_problem(file, offset, &error)]),
    };
    check_columns(file, &columns)?;
    let names: Arc<[String]> = columns.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| vec![csv_problem(file, offset, &error)])?;
        if rows.len() == MOST_ROWS {
            let message = format!("the file has more than {MOST_ROWS} rows");
            return Err(vec![
                Diagnostic::error("too-many-rows", message).in_file(&file.path),
            ]);
        }
        let cells = record.iter().map(|cell| Value::String(marked(cell).into_owned()));
        rows.push(Row::new(
            names.iter().cloned().zip(cells).collect(),
            Arc::clone(&names),
        ));
    }
    if rows.is_empty() {
        return Err(vec![no_rows(file)]);
    }
    Ok(rows)
}

/// Quotes of a cell are closed, and end it: else the rows after it, or the text, would be swallowed.
fn check_quotes(file: &Arc<SourceFile>, text: &str, offset: usize) -> Result<(), Diagnostic> {
    let problem = |at: usize, message: &str, help: &str| {
        let line = text
            .get(at..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        let span = offset + at..offset + at + line.len();
        Err(Diagnostic::error("bad-csv", message)
            .at(file, span, "")
            .help(help))
    };
    let starts_cell =
        |at: usize| at == 0 || matches!(text.as_bytes().get(at - 1), Some(b',' | b'\r' | b'\n'));
    let mut from = 0;
    while let Some(open) = text
        .get(from..)
        .and_then(|rest| rest.find('"'))
        .map(|at| from + at)
    {
        if !starts_cell(open) {
            from = open + 1;
            continue;
        }
        let Some(after) = after_quotes(text, open) else {
            let help = "a quote within a cell is written twice, and the cell in quotes: \"say \"\"hi\"\"\"";
            return problem(open, "the quote that begins this cell is not closed", help);
        };
        if !matches!(text.as_bytes().get(after), None | Some(b',' | b'\r' | b'\n')) {
            let message = "after the quote that ends a cell comes a comma or the end of the line";
            return problem(
                after,
                message,
                "put the whole cell in quotes; a quote within it is written twice",
            );
        }
        from = after;
    }
    Ok(())
}

/// Where the cell in quotes ends that begins at `open`; nowhere when they are not closed.
fn after_quotes(text: &str, open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += text.get(at..)?.find('"')? + 1;
        if text.as_bytes().get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

fn check_columns(file: &Arc<SourceFile>, columns: &csv::StringRecord) -> Result<(), Vec<Diagnostic>> {
    let first_line = file.text.find(['\r', '\n']).unwrap_or(file.text.len());
    let problem = |code, message: String| vec![Diagnostic::error(code, message).at(file, 0..first_line, "")];
    if columns.iter().any(str::is_empty) {
        return Err(problem("bad-name", "a column has no name".to_owned()));
    }
    let mut seen = std::collections::BTreeSet::new();
    match columns.iter().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(problem(
            "duplicate-key",
            format!("two columns are called `{twice}`"),
        )),
        None => Ok(()),
    }
}

fn csv_problem(file: &Arc<SourceFile>, offset: usize, error: &csv::Error) -> Diagnostic {
    let place = error
        .position()
        .and_then(|position| usize::try_from(position.byte()).ok());
    let start = place.map_or(0, |byte| byte + offset).min(file.text.len());
    let rest = file.text.get(start..).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let line = rest
        .get(skipped..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .len();
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("this row has {len} cells, the first line names {expected_len} columns")
        }
        _ => format!("not a CSV file: {error}"),
    };
    Diagnostic::error("bad-csv", message)
        .at(file, start + skipped..start + skipped + line, "")
        .help("put a cell with a comma in it in quotes")
}

// ---- matrix ----

fn matrix(node: &Node, source: &RowSource<'_>, reader: &mut Reader) -> Option<Vec<Row>> {
    let map = reader.map(node, "`matrix`")?;
    if map.entries.is_empty() {
        reader.error(
            "no-rows",
            "`matrix` has no names: nothing would be played",
            node.span.clone(),
        );
        return None;
    }
    check_numbers(node, reader);
    reader.check_said(node);
    let columns: Arc<[String]> = map.entries.iter().map(|entry| entry.key.name.clone()).collect();
    let mut rows: Option<Vec<Row>> = None;
    for entry in &map.entries {
        let axis = axis(&entry.key.name, &entry.value, source, reader)?;
        let crossed = match rows {
            None if axis.len() > MOST_ROWS => Err(TooMany::Rows),
            None => Ok(axis),
            Some(rows) => cross(&rows, &axis),
        };
        rows = match crossed {
            Ok(crossed) => Some(crossed),
            Err(too_many_of) => {
                too_many(reader, &too_many_of, entry.key.span.clone());
                return None;
            }
        };
    }
    let whole = |row: Row| {
        let names: Vec<String> = row.parts.into_iter().map(|part| part.name).collect();
        let parts = vec![Part {
            name: names.join(", "),
            columns: Arc::clone(&columns),
        }];
        Row {
            values: row.values,
            parts,
        }
    };
    rows.map(|rows| rows.into_iter().map(whole).collect())
}

fn axis(name: &str, node: &Node, source: &RowSource<'_>, reader: &mut Reader) -> Option<Vec<Row>> {
    let filled = fill(node, &source.names, reader).into_owned();
    let what = format!("`{name}` of `matrix`");
    let items = reader.list(&filled, &what)?;
    if items.is_empty() {
        reader.error(
            "no-rows",
            format!("{what} has no values: nothing would be played"),
            node.span.clone(),
        );
        return None;
    }
    let row = |item: &Node| {
        let value = item.to_value();
        let parts = vec![Part {
            name: shown(&value),
            columns: Arc::from([]),
        }];
        Row {
            values: std::iter::once((name.to_owned(), value)).collect(),
            parts,
        }
    };
    Some(items.iter().map(row).collect())
}

/// The name of a case, and the row's part in it.
///
/// `template` is the conversation's name as it is written, `filled` the same with the row's values. Parts of the row
/// that no template of the name shows stand in brackets after it.
pub(super) fn case_name(template: &str, filled: &str, row: &Row) -> (String, String) {
    let used: Vec<&str> = pieces(template)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Template(template) => Some(template.name),
            _ => None,
        })
        .collect();
    let mut name = filled.to_owned();
    let mut row_names = Vec::new();
    for part in &row.parts {
        let values: Vec<String> = used
            .iter()
            .filter(|name| part.columns.iter().any(|column| column == *name))
            .filter_map(|name| row.values.get(*name).map(shown))
            .collect();
        if values.is_empty() {
            name = format!("{name} [{}]", part.name);
            row_names.push(part.name.clone());
        } else {
            row_names.push(values.join(", "));
        }
    }
    (name, row_names.join(", "))
}

#[cfg(test)]
mod tests;
