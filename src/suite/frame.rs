//! A suite file's frame: everything but its conversations. It is kept while suites are played, so it holds no more
//! than conversations need when they are read again.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::SuiteFile;
use super::expand::Shared;
use super::parse::Parser;
use super::rows::{Row, RowSource, rows};
use super::steps::{self, Folders, Library};
use super::template::fill::{Names, fill};
use crate::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::model::Map as Object;
use crate::model::capability::Group;
use crate::settings::root::Root;
use crate::yaml::{self, Map, Node, Parsed, Slice};

/// A suite file without its conversations.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where the file is.
    pub(super) on_disk: PathBuf,
    /// As the user would type it.
    pub(super) path: Arc<Path>,
    /// From the root, with `/` between folders.
    pub(super) name: String,
    /// As `name`, without extension: the suite's identity.
    pub(super) suite: String,
    /// The suite's title.
    pub(super) title: Option<String>,
    /// The role, and where it is named.
    pub(super) target: Option<(String, Range<usize>)>,
    /// The suite's tags.
    pub(super) tags: Arc<[String]>,
    /// The suite's variables.
    pub(super) vars: Object,
    /// The suite's own rows.
    pub(super) rows: Option<Arc<Vec<Row>>>,
    /// Values of `defaults`, `every_turn`, the stubs and `before`: each conversation fills in its own names.
    pub(super) defaults: Option<Node>,
    /// See `defaults`.
    pub(super) every_turn: Option<Node>,
    /// See `defaults`.
    pub(super) tools: Option<Node>,
    /// See `defaults`.
    pub(super) webhooks: Option<Node>,
    /// See `defaults`.
    pub(super) generators: Option<Node>,
    /// See `defaults`.
    pub(super) playbooks: Option<Node>,
    /// See `defaults`.
    pub(super) before: Option<Node>,
    /// The steps it can use.
    pub(super) steps: Library,
}

impl Frame {
    /// A conversation's tags, shared with the suite's when they are the same.
    pub(super) fn shared_tags(&self, tags: &[String]) -> Arc<[String]> {
        if *self.tags == *tags {
            return Arc::clone(&self.tags);
        }
        tags.into()
    }
}

/// A conversation that was found, not read yet.
pub(super) enum Found {
    /// A piece of the file.
    Slice(Slice),
    /// A tree: there was room for the file's, or it uses anchors, so that no piece can be read alone.
    Tree(Node),
}

impl Found {
    /// Bytes of its text.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Slice(slice) => slice.range.len(),
            Self::Tree(node) => node.span.len(),
        }
    }
}

/// What came of reading a file's frame.
pub(super) struct Framed {
    /// The file with its text.
    pub(super) file: Arc<SourceFile>,
    /// The frame.
    pub(super) frame: Frame,
    /// Its conversations.
    pub(super) conversations: Vec<Found>,
    /// What is wrong with it.
    pub(super) problems: Vec<Diagnostic>,
}

/// Reads a suite file's frame.
///
/// # Errors
/// What is wrong, when there is no frame.
pub(super) fn read(suite: &SuiteFile, shared: &Shared, folders: &Folders) -> Result<Framed, Vec<Diagnostic>> {
    let file = yaml::read(&suite.path, &suite.shown).map_err(|problem| vec![problem])?;
    let (parsed, conversations) = parse(&file, shared);
    let Some(node) = parsed.root else {
        return Err(parsed.problems);
    };
    let path: Arc<Path> = Arc::from(suite.shown.as_path());
    let mut parser = Parser::new(&file, &path, true, None);
    parser.reader.problems = parsed.problems;
    let Some(map) = suite_map(&node, &mut parser) else {
        return Err(parser.reader.problems);
    };
    if conversations.is_empty() {
        check_conversations(map, &mut parser);
    }
    let frame = frame(
        suite,
        path,
        map,
        &mut parser,
        &Around {
            root: &shared.surroundings.root,
            folders,
            variables: &shared.surroundings.variables,
        },
    );
    Ok(Framed {
        file,
        frame,
        conversations,
        problems: parser.reader.problems,
    })
}

/// Bytes of a file whose tree is built as a whole; of a larger one, one conversation's at a time.
pub(super) const TEXT_AT_ONCE: usize = 256 << 10;

/// A file's tree without its conversations, and these.
fn parse(file: &Arc<SourceFile>, shared: &Shared) -> (Parsed, Vec<Found>) {
    const KEY: &str = "conversations";
    if file.text.len() > TEXT_AT_ONCE || !shared.has_room_for(file.text.len()) {
        let outline = yaml::outline(file, KEY);
        if let Some(items) = outline.items {
            return (outline.parsed, items.into_iter().map(Found::Slice).collect());
        }
    }
    let mut parsed = yaml::parse(file);
    let items = parsed.root.as_mut().and_then(|root| root.take_items(KEY));
    let trees = items.into_iter().flatten();
    (parsed, trees.map(Found::Tree).collect())
}

/// What a file is read in.
struct Around<'a> {
    root: &'a Root,
    folders: &'a Folders,
    variables: &'a [String],
}

fn suite_map<'node>(node: &'node Node, parser: &mut Parser) -> Option<&'node Map> {
    const ELSEWHERE: &str = "a file that is no suite belongs in a folder `agents`, `fixtures` or `steps`";
    if node.is_null() {
        let problem = parser.reader.error(
            "empty-file",
            "the file is empty: a suite has `conversations`",
            0..0,
        );
        problem.help.push(ELSEWHERE.to_owned());
        return None;
    }
    if node.as_map().is_none() {
        let at = node.span.start..node.span.start;
        let message = format!(
            "a suite is a mapping with `conversations`, this file is {}",
            node.describe()
        );
        parser
            .reader
            .error("not-a-suite", message, at)
            .help
            .push(ELSEWHERE.to_owned());
        return None;
    }
    let map = node.as_map()?;
    let first = map.entries.first().map(|entry| entry.key.span.clone());
    if map.entries.iter().all(|entry| belongs_elsewhere(&entry.key.name)) {
        let message = "a suite has `conversations`, this file has none of a suite's keys";
        parser
            .reader
            .error("not-a-suite", message, first.unwrap_or_default())
            .help
            .push(ELSEWHERE.to_owned());
        return None;
    }
    parser.group(node, Group::Suite)
}

/// Whether a key is neither a suite's nor nearly one.
fn belongs_elsewhere(name: &str) -> bool {
    Group::Suite.key(name).is_none() && suggest::nearest(name, Group::Suite.names()).is_none()
}

/// Says what is wrong with a list of conversations that has none.
fn check_conversations(map: &Map, parser: &mut Parser) {
    let Some(node) = map.get("conversations") else {
        return;
    };
    if parser
        .reader
        .list(node, "`conversations`")
        .is_some_and(<[Node]>::is_empty)
    {
        parser
            .reader
            .error("no-conversations", "`conversations` is empty", node.span.clone());
    }
}

fn frame(suite: &SuiteFile, path: Arc<Path>, map: &Map, parser: &mut Parser, around: &Around<'_>) -> Frame {
    let vars = map
        .get("vars")
        .map(|node| vars(node, parser, around.variables))
        .unwrap_or_default();
    let known = [&vars];
    let names = Names::fixed(&known, around.variables);
    let source = RowSource {
        root: around.root,
        beside: &suite.path,
        names,
    };
    let rows = rows(map, &source, &mut parser.reader).map(Arc::new);
    let filled = |name: &str, parser: &mut Parser| {
        map.get(name)
            .map(|node| fill(node, &names, &mut parser.reader).into_owned())
    };
    let title = filled("suite", parser).and_then(|node| parser.fixed_text(&node, "`suite`"));
    let target =
        filled("target", parser).and_then(|node| Some((parser.fixed_text(&node, "`target`")?, node.span)));
    let tags = filled("tags", parser).and_then(|node| parser.fixed_texts(&node, "`tags`"));
    let own = map
        .get("steps")
        .map(|node| steps::of_mapping(node, None, &mut parser.reader));
    let folder = suite.path.parent().unwrap_or(around.root.directory());
    let library = Library {
        own: Arc::new(own.unwrap_or_default()),
        beside: around.folders.of(folder, around.root),
        at_root: around.folders.of(around.root.directory(), around.root),
    };
    check_twice(map, parser);
    Frame {
        on_disk: suite.path.clone(),
        path,
        name: suite.file.clone(),
        suite: suite.suite.clone(),
        title,
        target,
        tags: tags.unwrap_or_default().into(),
        vars,
        rows,
        defaults: map.get("defaults").cloned(),
        every_turn: map.get("every_turn").cloned(),
        tools: map.get("tools").cloned(),
        webhooks: map.get("webhooks").cloned(),
        generators: map.get("generators").cloned(),
        playbooks: map.get("playbooks").cloned(),
        before: map.get("before").cloned(),
        steps: library,
    }
}

/// What a suite can say at its top and in its `defaults` stands in one place.
fn check_twice(map: &Map, parser: &mut Parser) {
    let Some(defaults) = map.get("defaults").and_then(Node::as_map) else {
        return;
    };
    for name in ["target", "before"] {
        if let (Some(first), Some(second)) = (map.entry(name), defaults.entry(name)) {
            let file = Arc::clone(&parser.reader.file);
            let message = format!("`{name}` is given twice, for the suite and in its `defaults`");
            let problem = Diagnostic::error("two-of-one", message)
                .at(&file, second.key.span.clone(), "here")
                .at(&file, first.key.span.clone(), "and here");
            parser.reader.push(problem);
        }
    }
}

/// Each variable may refer to those above it, to dates and to environment variables.
fn vars(node: &Node, parser: &mut Parser, variables: &[String]) -> Object {
    let mut vars = Object::new();
    let Some(map) = parser.reader.map(node, "`vars`") else {
        return vars;
    };
    for entry in &map.entries {
        let value = {
            let known = [&vars];
            let names = Names::fixed(&known, variables);
            let filled = fill(&entry.value, &names, &mut parser.reader);
            parser.reader.check_said(&filled);
            parser.value(&filled)
        };
        vars.insert(entry.key.name.clone(), value);
    }
    vars
}
