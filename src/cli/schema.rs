//! `turnproof schema`: JSON Schemas, for editors.

use super::args::{SchemaArgs, SchemaOf};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::suite::schema;

pub(super) fn schema(args: &SchemaArgs, console: Console) -> Result<Exit, Failure> {
    let document = match args.of {
        SchemaOf::Suite => schema::suite_schema(),
        SchemaOf::Settings => schema::settings_schema(),
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
    text.push('\n');
    console.print(&text)?;
    Ok(Exit::Success)
}
