//! What messages are made of, as tables: of a name the descriptors tell the field only after some looking up and
//! counting of owners, and recordings are read by the hundred thousand.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::OWN_FORMS;
use crate::proto::descriptor_pool;

/// All messages that are declared, each looked at when it is first asked for.
static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

struct Tables {
    messages: Vec<(MessageDescriptor, OnceLock<Table>)>,
    /// The places of the messages of each method: what is sent, and what comes back.
    methods: HashMap<String, (usize, usize)>,
    /// The places of messages by their full names.
    places: HashMap<String, usize>,
}

/// A message.
pub struct Table {
    full_name: String,
    pub(super) form: Form,
    /// Its fields as they are declared.
    columns: Vec<Column>,
}

/// How a message stands in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As an object of its fields.
    Fields,
    /// As any object.
    Struct,
    /// In a form of its own.
    Own,
}

/// A field.
pub(super) struct Column {
    json_name: String,
    name: String,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
    /// A map, or packed numbers.
    pub(super) is_odd: bool,
    inner: Inner,
}

/// What a field's kind says of it beyond itself.
enum Inner {
    Nothing,
    /// The place of a message.
    Message(usize),
    /// The choices by their names.
    Choices(HashMap<String, i32>),
}

/// The tables of a method's messages: of what is sent, and of what comes back. `path` is `/package.Service/Method`.
pub fn tables_of(path: &str) -> Option<(&'static Table, &'static Table)> {
    let (input, output) = *TABLES.methods.get(path)?;
    Some((table(input)?, table(output)?))
}

/// The table of a message by its full name.
pub fn table_of(full_name: &str) -> Option<&'static Table> {
    table(*TABLES.places.get(full_name)?)
}

fn table(place: usize) -> Option<&'static Table> {
    let (descriptor, table) = TABLES.messages.get(place)?;
    Some(table.get_or_init(|| Table::of(descriptor, &TABLES.places)))
}

impl Tables {
    fn new() -> Self {
        let pool = descriptor_pool();
        let messages: Vec<_> = pool
            .all_messages()
            .map(|descriptor| (descriptor, OnceLock::new()))
            .collect();
        let places: HashMap<_, _> = messages
            .iter()
            .enumerate()
            .map(|(place, (descriptor, _))| (descriptor.full_name().to_owned(), place))
            .collect();
        let place = |descriptor: &MessageDescriptor| places.get(descriptor.full_name()).copied();
        let methods = pool.services().flat_map(|service| {
            service
                .methods()
                .filter_map(|method| {
                    let path = format!("/{}/{}", service.full_name(), method.name());
                    Some((path, (place(&method.input())?, place(&method.output())?)))
                })
                .collect::<Vec<_>>()
        });
        Self {
            methods: methods.collect(),
            messages,
            places,
        }
    }
}

impl Table {
    fn of(descriptor: &MessageDescriptor, places: &HashMap<String, usize>) -> Self {
        let form = match (descriptor.package_name() == OWN_FORMS, descriptor.name()) {
            (false, _) => Form::Fields,
            (true, "Struct") => Form::Struct,
            (true, _) => Form::Own,
        };
        Self {
            full_name: descriptor.full_name().to_owned(),
            form,
            columns: descriptor
                .fields()
                .map(|field| Column::of(&field, places))
                .collect(),
        }
    }

    /// The message's name with its package.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The field that a name of JSON means, and its place. Fields mostly stand in their order: `after` is the place of the
    /// one before.
    pub(super) fn column(&self, name: &str, after: usize) -> Option<(usize, &Column)> {
        let from = |start: usize| self.columns.iter().enumerate().skip(start);
        let by = |is_it: fn(&Column, &str) -> bool| {
            from(after)
                .chain(from(0).take(after))
                .find(|(_, column)| is_it(column, name))
        };
        by(|column, name| column.json_name == name).or_else(|| by(|column, name| column.name == name))
    }
}

impl Column {
    fn of(field: &FieldDescriptor, places: &HashMap<String, usize>) -> Self {
        let kind = field.kind();
        let inner = match &kind {
            Kind::Message(message) => places
                .get(message.full_name())
                .map_or(Inner::Nothing, |place| Inner::Message(*place)),
            Kind::Enum(choices) => {
                let choice =
                    |choice: prost_reflect::EnumValueDescriptor| (choice.name().to_owned(), choice.number());
                Inner::Choices(choices.values().map(choice).collect())
            }
            _ => Inner::Nothing,
        };
        Self {
            json_name: field.json_name().to_owned(),
            name: field.name().to_owned(),
            number: field.number(),
            is_list: field.is_list(),
            is_odd: field.is_map() || field.is_packed(),
            kind,
            inner,
        }
    }

    /// The message that it holds.
    pub(super) fn message(&self) -> Option<&'static Table> {
        match self.inner {
            Inner::Message(place) => table(place),
            _ => None,
        }
    }

    /// The number of a choice.
    pub(super) fn choice(&self, name: &str) -> Option<i32> {
        match &self.inner {
            Inner::Choices(choices) => choices.get(name).copied(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_say_what_the_descriptors_say() {
        for descriptor in descriptor_pool().all_messages() {
            let table = table_of(descriptor.full_name()).unwrap();
            for field in descriptor.fields() {
                for after in [0, 1, table.columns.len()] {
                    for name in [field.name(), field.json_name()] {
                        let (place, column) = table.column(name, after).unwrap();
                        assert_eq!(column.number, field.number(), "{name}");
                        assert_eq!(table.columns[place].json_name, field.json_name());
                    }
                }
                let column = table.column(field.json_name(), 0).unwrap().1;
                if let Kind::Message(message) = field.kind() {
                    assert_eq!(column.message().unwrap().full_name(), message.full_name());
                }
                if let Kind::Enum(choices) = field.kind() {
                    for choice in choices.values() {
                        assert_eq!(column.choice(choice.name()), Some(choice.number()));
                    }
                }
            }
            assert!(table.column("no such field", 0).is_none());
        }
        let (sent, heard) = tables_of("/google.cloud.ces.v1.SessionService/RunSession").unwrap();
        assert!(sent.full_name().ends_with(".RunSessionRequest"));
        assert!(heard.full_name().ends_with(".RunSessionResponse"));
        assert!(tables_of("/google.cloud.ces.v1.SessionService/Nothing").is_none());
    }
}
