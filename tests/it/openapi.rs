//! The published contract is what the code says.

#[test]
fn the_committed_document_is_what_the_code_says() {
    let committed = include_str!("../../openapi/openapi.json");
    let generated = threadmark::http::openapi();
    if committed != generated {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
        std::fs::write(path, generated).unwrap();
        panic!(
            "openapi/openapi.json was not what the code says; it is written anew: read and commit it"
        );
    }
}

#[test]
fn every_route_names_its_problems() {
    let document: serde_json::Value = serde_json::from_str(&threadmark::http::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let statuses = &document["paths"]["/v1/statements"]["post"]["responses"];
    for status in ["201", "200", "400", "409", "413", "422", "503"] {
        assert!(statuses[status].is_object(), "{status}");
    }
}
