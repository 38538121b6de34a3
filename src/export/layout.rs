//! Which file of an export holds what, by its place and name (cx-export-format 4, "Folders").

use percent_encoding::percent_decode_str;

/// What a file of an export holds. Folder names are decoded display names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `agent.json`.
    Settings,
    /// `flows/F/F.json`.
    Flow {
        /// The flow's folder.
        flow: String,
    },
    /// `flows/F/pages/P.json`.
    Page {
        /// The flow's folder.
        flow: String,
    },
    /// `flows/F/transitionRouteGroups/G.json`.
    FlowRouteGroup {
        /// The flow's folder.
        flow: String,
    },
    /// `agentTransitionRouteGroups/G.json`.
    AgentRouteGroup,
    /// `intents/I/I.json`.
    Intent {
        /// The intent's folder.
        intent: String,
    },
    /// `intents/I/trainingPhrases/LANGUAGE.json`.
    TrainingPhrases {
        /// The intent's folder.
        intent: String,
        /// Lower-case language code.
        language: String,
    },
    /// `entityTypes/E/E.json`.
    EntityType {
        /// The type's folder.
        entity_type: String,
    },
    /// `entityTypes/E/entities/LANGUAGE.json`.
    Entities {
        /// The type's folder.
        entity_type: String,
        /// Lower-case language code.
        language: String,
    },
    /// `entityTypes/E/excludedPhrases/LANGUAGE.json`.
    ExcludedPhrases {
        /// The type's folder.
        entity_type: String,
        /// Lower-case language code.
        language: String,
    },
    /// `webhooks/W.json`.
    Webhook,
    /// `testCases/T.json`, or deeper.
    TestCase,
    /// `playbooks/P/P.json`.
    Playbook,
    /// `tools/T/T.json`.
    Tool,
    /// `generators/G/G.json`.
    Generator,
}

impl Part {
    /// What the file of this name holds; `None` for everything that is not needed.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.strip_suffix(".json")?;
        let segments: Vec<&str> = name.split('/').collect();
        let part = match *segments.as_slice() {
            ["agent"] => Self::Settings,
            ["flows", flow, "pages", _] => Self::Page { flow: decode(flow) },
            ["flows", flow, "transitionRouteGroups", _] => Self::FlowRouteGroup { flow: decode(flow) },
            ["flows", flow, _] => Self::Flow { flow: decode(flow) },
            ["agentTransitionRouteGroups", _] => Self::AgentRouteGroup,
            ["intents", intent, "trainingPhrases", language] => Self::TrainingPhrases {
                intent: decode(intent),
                language: language.to_ascii_lowercase(),
            },
            ["intents", intent, _] => Self::Intent {
                intent: decode(intent),
            },
            ["entityTypes", entity_type, "entities", language] => Self::Entities {
                entity_type: decode(entity_type),
                language: language.to_ascii_lowercase(),
            },
            ["entityTypes", entity_type, "excludedPhrases", language] => Self::ExcludedPhrases {
                entity_type: decode(entity_type),
                language: language.to_ascii_lowercase(),
            },
            ["entityTypes", entity_type, _] => Self::EntityType {
                entity_type: decode(entity_type),
            },
            ["webhooks", _] => Self::Webhook,
            ["testCases", ..] if segments.len() > 1 => Self::TestCase,
            ["playbooks", _, _] => Self::Playbook,
            ["tools", _, _] => Self::Tool,
            ["generators", _, _] => Self::Generator,
            _ => return None,
        };
        Some(part)
    }
}

/// A display name from a file or folder name: percent-encoded UTF-8.
pub(super) fn decode(name: &str) -> String {
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_place() {
        let cases = [
            ("agent.json", Some(Part::Settings)),
            (
                "flows/%3e pay/%3e pay.json",
                Some(Part::Flow {
                    flow: "> pay".to_owned(),
                }),
            ),
            (
                "flows/Pay/pages/caf%c3%a9.json",
                Some(Part::Page {
                    flow: "Pay".to_owned(),
                }),
            ),
            (
                "intents/a%2fb/trainingPhrases/pt-BR.json",
                Some(Part::TrainingPhrases {
                    intent: "a/b".to_owned(),
                    language: "pt-br".to_owned(),
                }),
            ),
            (
                "entityTypes/sys.color/entities/en.json",
                Some(Part::Entities {
                    entity_type: "sys.color".to_owned(),
                    language: "en".to_owned(),
                }),
            ),
            ("testCases/v2/x.json", Some(Part::TestCase)),
            ("tools/t/t.json", Some(Part::Tool)),
            ("tools/t/schema.yaml", None),
            ("playbooks/P/examples/e.json", None),
            ("generativeSettings/en.json", None),
            ("README.md", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Part::of(name), expected, "{name}");
        }
    }
}
