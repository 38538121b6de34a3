//! What an agent says it knows from elsewhere, and what it proposes to search for.

use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::session_output::OutputType;

use super::super::template;
use super::Turn;

impl Turn<'_> {
    pub(super) fn cite(&mut self, citations: &[Map]) {
        let cited_chunks = citations.iter().map(|citation| {
            let citation = template::fill_members(citation, &|name| self.find(name));
            ces::citations::CitedChunk {
                uri: text(&citation, "uri"),
                title: text(&citation, "title"),
                text: text(&citation, "text"),
                requires_attribution: citation.get("requires_attribution") == Some(&Value::Bool(true)),
            }
        });
        let cited_chunks = cited_chunks.collect();
        self.outputs
            .push(OutputType::Citations(ces::Citations { cited_chunks }));
    }

    pub(super) fn suggest(&mut self, searches: &[Map]) {
        let web_search_queries = searches.iter().map(|search| {
            let search = template::fill_members(search, &|name| self.find(name));
            ces::WebSearchQuery {
                query: text(&search, "query"),
                uri: text(&search, "uri"),
            }
        });
        let web_search_queries = web_search_queries.collect();
        self.outputs.push(OutputType::GoogleSearchSuggestions(
            ces::GoogleSearchSuggestions {
                htmls: Vec::new(),
                web_search_queries,
            },
        ));
    }
}

fn text(members: &Map, name: &str) -> String {
    match members.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
