//! What a request may be answered by its shape alone, whatever it is about: said once here, and not at each handler.

use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema, SecurityRequirement};

const PROBLEM: &str = "#/components/schemas/Problem";
const PROBLEM_TYPE: &str = "application/problem+json";
const JSON: &str = "application/json";

/// Adds to each operation what its shape may be answered, gives problem bodies their own type, and lets files be files.
pub(super) fn complete(api: &mut OpenApi) {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        for (status, why) in usual(operation) {
            let answers = &mut operation.responses.responses;
            answers.entry(status.to_owned()).or_insert_with(|| problem(why));
        }
        for answer in operation.responses.responses.values_mut() {
            if let RefOr::T(answer) = answer {
                retype(answer);
            }
        }
        for (kind, content) in operation.request_body.iter_mut().flat_map(|body| &mut body.content) {
            if is_file(kind) {
                content.schema = Some(bytes());
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ];
    methods.into_iter().flatten()
}

/// Statuses, and why they come.
fn usual(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let parameters = || operation.parameters.iter().flatten();
    let has = |place: ParameterIn| parameters().any(|parameter| parameter.parameter_in == place);
    let body = operation.request_body.as_ref();
    let has_json = body.is_some_and(|body| body.content.contains_key(JSON));
    let mut usual = Vec::new();
    if has(ParameterIn::Query) || has_json {
        usual.push(("400", "The query or the body cannot be read"));
    }
    let anybody = SecurityRequirement::default();
    if !operation
        .security
        .as_ref()
        .is_some_and(|needs| needs.contains(&anybody))
    {
        usual.push(("401", "No credentials, or none that are good"));
        usual.push(("403", "Neither the rights nor the scopes reach so far"));
    }
    if has(ParameterIn::Path) {
        usual.push(("404", "There is no such thing here"));
    }
    if has_json {
        usual.push(("413", "The body is too large"));
        usual.push(("415", "The body is no JSON"));
        usual.push(("422", "Some fields are wrong"));
    }
    usual
}

fn problem(why: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::new(PROBLEM))).build();
    let answer = ResponseBuilder::new().description(why).content(PROBLEM_TYPE, content);
    RefOr::T(answer.build())
}

fn retype(answer: &mut Response) {
    let contents = std::mem::take(&mut answer.content);
    for (kind, mut content) in contents {
        let is_problem = matches!(&content.schema, Some(RefOr::Ref(to)) if to.ref_location == PROBLEM);
        if is_file(&kind) {
            content.schema = Some(bytes());
        }
        let kind = if is_problem { PROBLEM_TYPE.to_owned() } else { kind };
        answer.content.insert(kind, content);
    }
}

fn is_file(kind: &str) -> bool {
    kind.starts_with("audio/") || kind.starts_with("image/")
}

fn bytes() -> RefOr<Schema> {
    let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
    let object = ObjectBuilder::new().schema_type(Type::String).format(Some(binary));
    RefOr::T(Schema::Object(object.build()))
}
