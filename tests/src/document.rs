//! The daemon's own description of its API, as a walk over it needs it.

use reqwest::Method;
use serde_json::Value;

/// Below which most paths are.
const ROOT: &str = "/api/v1";

/// Pages and what they lead to, as the router has them.
const PAGES: &str = include_str!("../../daemon/src/http/pages/mod.rs");

/// What one may ask for.
#[derive(Clone)]
pub struct Operation {
    pub method: Method,
    /// As callers of an office take it.
    pub path: String,
    /// Names of the query's parameters.
    pub query: Vec<String>,
    /// What a JSON body may hold, as pointers into it; `None`: there is no body.
    pub fields: Option<Vec<String>>,
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn takes_id(&self) -> bool {
        self.path.contains('{')
    }

    /// The path with an id in it.
    pub fn at(&self, id: &str) -> String {
        match self.path.split_once('{') {
            Some((head, tail)) => format!("{head}{id}{}", tail.split_once('}').unwrap().1),
            None => self.path.clone(),
        }
    }
}

/// All that is described.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
            let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            let content = described["requestBody"]["content"].as_object();
            let schemas = content.map(|content| content.values().map(|kind| &kind["schema"]));
            let path = path
                .strip_prefix(ROOT)
                .map_or_else(|| format!("/{path}"), str::to_owned);
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path,
                query: query
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect(),
                fields: schemas.map(|schemas| schemas.flat_map(|schema| fields(document, schema)).collect()),
            });
        }
    }
    assert!(all.len() > 100, "only {} operations", all.len());
    all
}

/// All pages, which no description names; their paths are as a browser has them.
pub fn pages() -> Vec<Operation> {
    let routes = PAGES
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\"")?.split_once('"'));
    let page = |(path, _): (&str, &str)| Operation {
        method: Method::GET,
        path: path.to_owned(),
        query: Vec::new(),
        fields: None,
    };
    let pages: Vec<Operation> = routes.map(page).collect();
    assert!(pages.len() > 20, "only {} pages", pages.len());
    pages
}

fn fields(document: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(document, schema, "", &mut found);
    found
}

fn collect(document: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(place) = schema["$ref"].as_str() {
        let named = document.pointer(place.trim_start_matches('#'));
        return collect(document, named.unwrap_or_else(|| panic!("{place}")), at, found);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[choice].as_array().into_iter().flatten() {
            collect(document, schema, at, found);
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        found.push(at.clone());
        collect(document, schema, &at, found);
    }
    if schema["items"].is_object() {
        collect(document, &schema["items"], &format!("{at}/0"), found);
    }
}
