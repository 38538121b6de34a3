//! The declarations in `proto/` against the tables of the published services, in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;
use turnproof::proto::descriptor_pool;

/// What a table or a declaration says, one line a fact, so that a difference names itself.
type Facts = BTreeSet<String>;

#[test]
fn ces_v1_is_what_was_published() {
    compare("ces_v1");
}

#[test]
fn cx_v3_is_what_was_published() {
    compare("cx_v3");
}

#[test]
fn cx_v3beta1_is_what_was_published() {
    compare("cx_v3beta1");
}

fn compare(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/reference/descriptors")
        .join(format!("{table}.json"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {table}.json is not at hand");
        return;
    };
    let table: Value = serde_json::from_str(&text).unwrap();
    let published = published(&table);
    let declared = declared(table["package"].as_str().unwrap());
    assert!(published.len() > 100, "the table is nearly empty");
    let missing: Vec<_> = published.difference(&declared).collect();
    let extra: Vec<_> = declared.difference(&published).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:#?}\nextra: {extra:#?}"
    );
}

fn published(table: &Value) -> Facts {
    let mut facts = Facts::new();
    for (service, methods) in table["services"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            facts.insert(format!(
                "rpc {} {} -> {} {}{}",
                about["path"].as_str().unwrap(),
                about["request"].as_str().unwrap(),
                about["response"].as_str().unwrap(),
                about["client_streaming"],
                about["server_streaming"]
            ));
            assert_eq!(about["path"], format!("/{service}/{method}"));
        }
    }
    let package = table["package"].as_str().unwrap();
    let ours =
        |name: &str| name.starts_with(package) || ["google.rpc.Status", "google.type.LatLng"].contains(&name);
    for (message, about) in table["messages"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| ours(name))
    {
        facts.insert(format!("message {message}"));
        for field in about["fields"].as_array().unwrap() {
            facts.insert(format!("field {message} {}", published_field(field)));
        }
    }
    for (name, values) in table["enums"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| ours(name))
    {
        for value in values.as_array().unwrap() {
            facts.insert(format!(
                "enum {name} {} = {}",
                value[0].as_str().unwrap(),
                value[1]
            ));
        }
    }
    facts
}

fn published_field(field: &Value) -> String {
    let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
    let kind = match field["map"].as_object() {
        Some(map) => format!(
            "map {} {}",
            map["key"].as_str().unwrap(),
            map["value"].as_str().unwrap()
        ),
        None => format!("{} {} {}", text("label"), text("type"), text("type_name")),
    };
    let optional = field["proto3_optional"].as_bool().unwrap_or_default();
    // The compiler wraps each `optional` field in a oneof of its own; readers never see it.
    let oneof = if optional { String::new() } else { text("oneof") };
    format!(
        "{} {} {}: {kind} oneof={oneof} optional={optional}",
        field["number"],
        text("name"),
        text("json_name")
    )
}

fn declared(package: &str) -> Facts {
    let pool = descriptor_pool();
    let mut facts = Facts::new();
    for service in pool
        .services()
        .filter(|service| service.package_name() == package)
    {
        for method in service.methods() {
            facts.insert(format!(
                "rpc /{}/{} {} -> {} {}{}",
                service.full_name(),
                method.name(),
                method.input().full_name(),
                method.output().full_name(),
                method.is_client_streaming(),
                method.is_server_streaming()
            ));
        }
    }
    let elsewhere = ["google.rpc.Status", "google.type.LatLng"]
        .iter()
        .filter(|_| !package.contains(".ces."));
    let messages = pool
        .all_messages()
        .filter(|message| message.package_name() == package && !message.is_map_entry())
        .chain(elsewhere.map(|name| pool.get_message_by_name(name).unwrap()));
    for message in messages.filter(|message| !is_namespace(message)) {
        facts.insert(format!("message {}", message.full_name()));
        for field in message.fields() {
            facts.insert(format!(
                "field {} {}",
                message.full_name(),
                declared_field(&field)
            ));
        }
    }
    for declared in pool
        .all_enums()
        .filter(|declared| declared.package_name() == package)
    {
        facts.extend(declared_values(&declared));
    }
    facts
}

/// `EntityType` is not part of the tables itself; it only gives `EntityType.Entity` its name.
fn is_namespace(message: &MessageDescriptor) -> bool {
    message.name() == "EntityType" && message.fields().len() == 0
}

fn declared_field(field: &FieldDescriptor) -> String {
    let kind = if field.is_map() {
        let entry = field.kind();
        let entry = entry.as_message().unwrap();
        let [key, value] = [entry.map_entry_key_field(), entry.map_entry_value_field()];
        format!("map {} {}", kind_name(&key.kind()), kind_name(&value.kind()))
    } else {
        let label = if field.cardinality() == Cardinality::Repeated {
            "repeated"
        } else {
            "singular"
        };
        let (kind, type_name) = match field.kind() {
            Kind::Message(message) => ("message".to_owned(), message.full_name().to_owned()),
            Kind::Enum(declared) => ("enum".to_owned(), declared.full_name().to_owned()),
            scalar => (kind_name(&scalar), String::new()),
        };
        format!("{label} {kind} {type_name}")
    };
    let optional = field.field_descriptor_proto().proto3_optional();
    let oneof = field.containing_oneof().filter(|_| !optional);
    let oneof = oneof.map(|oneof| oneof.name().to_owned()).unwrap_or_default();
    format!(
        "{} {} {}: {kind} oneof={oneof} optional={optional}",
        field.number(),
        field.name(),
        field.json_name()
    )
}

fn kind_name(kind: &Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn declared_values(declared: &EnumDescriptor) -> Vec<String> {
    declared
        .values()
        .map(|value| {
            format!(
                "enum {} {} = {}",
                declared.full_name(),
                value.name(),
                value.number()
            )
        })
        .collect()
}

#[test]
fn the_two_versions_of_cx_agree_wherever_both_know_a_field() {
    let pool = descriptor_pool();
    let fields = |package: &str| -> BTreeMap<(String, u32), String> {
        let messages = pool
            .all_messages()
            .filter(|message| message.package_name() == package);
        let mut fields = BTreeMap::new();
        for message in messages {
            let name = message.full_name().strip_prefix(package).unwrap().to_owned();
            for field in message.fields() {
                fields.insert(
                    (name.clone(), field.number()),
                    declared_field(&field).replace(package, ""),
                );
            }
        }
        fields
    };
    let (stable, beta) = (
        fields("google.cloud.dialogflow.cx.v3"),
        fields("google.cloud.dialogflow.cx.v3beta1"),
    );
    let shared: Vec<_> = stable.keys().filter(|key| beta.contains_key(key)).collect();
    assert!(shared.len() > 300, "only {} fields in common", shared.len());
    for key in shared {
        assert_eq!(stable[key], beta[key], "{key:?}");
    }
}
