//! `image` and `blob`: files that the user hands over, alone or with words.

use super::{Parser, ticked};
use crate::model::capability::{ATTACHMENTS, Group};
use crate::model::suite::{Attachment, AttachmentKind, Input};
use crate::suite::attachment::{AttachmentError, check, is_type, type_of};
use crate::yaml::{Entry, Node};

use std::path::PathBuf;

impl Parser {
    /// Whether a key of a turn is a file.
    pub(super) fn is_attachment(entry: &Entry) -> bool {
        ATTACHMENTS.contains(&entry.key.name.as_str())
    }

    /// Files in their order, and what is said with them.
    pub(super) fn attached(&mut self, files: &[&Entry], say: Option<&Entry>) -> Option<Input> {
        let say = match say {
            Some(entry) => match self.one_input("say", &entry.value)? {
                Input::Say(text) => Some(text),
                _ => None,
            },
            None => None,
        };
        let read: Vec<Attachment> = files
            .iter()
            .filter_map(|entry| {
                let kind = match entry.key.name.as_str() {
                    "image" => AttachmentKind::Image,
                    _ => AttachmentKind::Blob,
                };
                self.attachment(&entry.value, kind)
            })
            .collect();
        (read.len() == files.len()).then_some(Input::Attached { say, files: read })
    }

    /// A file: its path, or a mapping.
    fn attachment(&mut self, node: &Node, kind: AttachmentKind) -> Option<Attachment> {
        let what = ticked(kind.name());
        if node.is_null() {
            let example = Group::Turn.key(kind.name()).map_or("", |key| key.example);
            self.missing_value(node, &what, &format!("for example `{}: {example}`", kind.name()));
            return None;
        }
        let map = match node.as_map() {
            Some(_) => Some(self.group(node, Group::Attachment)?),
            None => None,
        };
        let file = map.map_or(Some(node), |map| map.get("file"))?;
        let written = self.fixed_text(file, if map.is_some() { "`file`" } else { &what })?;
        let said = match map.and_then(|map| map.get("type")) {
            Some(node) => Some((node, self.mime_type(node)?)),
            None => None,
        };
        let mime_type = match &said {
            Some((_, said)) => Some(said.clone()),
            None => type_of(&written).map(str::to_owned),
        };
        let Some(mime_type) = mime_type else {
            let message = format!("the ending of `{written}` does not say what it is");
            let help = format!(
                "write `{}: {{ file: …, type: … }}` with its MIME type",
                kind.name()
            );
            self.reader
                .error("missing-type", message, file.span.clone())
                .help
                .push(help);
            return None;
        };
        if kind == AttachmentKind::Image && !Attachment::IMAGES.contains(&mime_type.as_str()) {
            let message = format!("`{written}` is {mime_type}; an image is PNG, JPEG or WebP");
            let span = said.map_or_else(|| file.span.clone(), |(node, _)| node.span.clone());
            self.reader
                .error("wrong-type", message, span)
                .help
                .push("for a file of another type, use `blob`".to_owned());
            return None;
        }
        let path = match self.sound.clone() {
            None => PathBuf::from(&written),
            Some(place) => self.recording(file, &written, &place)?,
        };
        let attachment = Attachment {
            kind,
            written,
            path,
            mime_type,
        };
        if self.thorough && self.sound.is_some() {
            self.check_attachment(file, &attachment);
        }
        Some(attachment)
    }

    fn mime_type(&mut self, node: &Node) -> Option<String> {
        let said = self.fixed_text(node, "`type`")?;
        if !is_type(&said) {
            let message = format!("`{said}` is no MIME type");
            self.reader
                .error("wrong-type", message, node.span.clone())
                .help
                .push("for example `image/png` or `application/pdf`".to_owned());
            return None;
        }
        Some(said.to_ascii_lowercase())
    }

    fn check_attachment(&mut self, node: &Node, attachment: &Attachment) {
        let Err(error) = check(attachment) else { return };
        let code = match error {
            AttachmentError::Mismatch { .. } => "wrong-type",
            _ => "bad-file",
        };
        let message = format!("`{}` cannot be handed over: {error}", attachment.written);
        let problem = self.reader.error(code, message, node.span.clone());
        if let AttachmentError::Mismatch { found, .. } = error
            && Attachment::IMAGES.contains(&found)
        {
            let help = format!("rename it, or write `image: {{ file: …, type: {found} }}`");
            problem.help.push(help);
        }
    }
}
