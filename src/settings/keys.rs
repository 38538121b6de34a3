//! Reading a mapping whose keys the capability table knows.

use crate::model::capability::Group;
use crate::yaml::{Map, Node, Reader};

/// A mapping with the keys of a group; other keys are reported.
pub(super) fn fields<'node>(reader: &mut Reader, node: &'node Node, group: Group) -> Option<&'node Map> {
    reader.fields(node, group.title(), &group.names())
}

/// Reports keys that are not the group's.
pub(super) fn check_keys(reader: &mut Reader, map: &Map, group: Group) {
    reader.check_keys(map, group.title(), &group.names());
}
