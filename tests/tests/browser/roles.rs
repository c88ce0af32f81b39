//! The page of roles and groups in a real browser.

use frontdesk_tests::office::Caller;
use frontdesk_tests::pages::{Desk, looks};
use serde_json::{Value, json};

async fn own_role(main: &Caller) -> Value {
    let list = main.get("/roles").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    items.iter().find(|role| role["built_in"] == false).unwrap().clone()
}

fn reach(role: &Value, right: &str) -> Value {
    let rights = role["rights"].as_array().unwrap();
    let found = rights.iter().find(|grant| grant["right"] == right);
    found.map_or(Value::Null, |grant| grant["reach"].clone())
}

/// B2, B3: a role of the company's own is made from another, changed and given to a group, whose members get it.
#[tokio::test]
async fn b2_b3_roles_and_groups_are_made_changed_and_deleted_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = json!({ "given_name": "Anna", "login": "anna", "role": "employee", "password": "correct horse" });
    let anna = office.add(main, anna).await;
    desk.visit("/roles").await;
    browser.see("#role-table tr[data-id=employee]", "Anna").await.unwrap();
    browser.press("[data-add=role]").await;
    browser.press("#role-form button[type=submit]").await;
    browser
        .see("#role-form [data-error=name]", "Fill this in")
        .await
        .unwrap();
    browser.type_into("#role-name", "Shift leader").await.unwrap();
    browser.choose("#role-from", "Employee").await;
    browser
        .until("document.querySelector(\"[data-right='calls:make']\").checked")
        .await
        .unwrap();
    browser.choose("[data-right='calls:read']", "the department's").await;
    browser.press("[data-right='audit:read']").await;
    browser.press("#role-form button[type=submit]").await;
    browser.see("#role-table", "Shift leader").await.unwrap();
    let role = own_role(main).await;
    assert_eq!(reach(&role, "calls:read"), "department");
    assert_eq!(reach(&role, "audit:read"), "any");
    assert_eq!(reach(&role, "staff:write"), Value::Null);

    let row = format!("#role-table tr[data-id='{}']", role["id"].as_str().unwrap());
    browser.press(&format!("{row} [data-edit]")).await;
    browser
        .until("document.querySelector(\"[data-right='calls:read']\").value === 'department'")
        .await
        .unwrap();
    browser.choose("[data-right='calls:read']", "own").await;
    desk.save("role").await;
    assert_eq!(reach(&own_role(main).await, "calls:read"), "own");
    browser.press(&format!("{row} summary")).await;
    browser.see(&row, "See calls (own)").await.unwrap();

    browser.press("[data-add=group]").await;
    browser.type_into("#group-name", "Night").await.unwrap();
    let leader = format!("#group-roles [value='{}']", role["id"].as_str().unwrap());
    browser.press(&leader).await;
    browser.choose("#members-choice", "Anna").await;
    browser.press("#members-box [data-take]").await;
    desk.save("group").await;
    browser.see("#group-table", "Shift leader").await.unwrap();
    browser.see("#group-table", "Anna").await.unwrap();
    let path = format!("/staff/{}/roles", anna["id"].as_str().unwrap());
    let duties = main.get(&path).await.expect(200).body;
    assert_eq!(reach(&duties, "audit:read"), "any");
    browser.press(&format!("{row} [data-delete]")).await;
    browser.press("#confirm-yes").await;
    browser
        .see("#confirm [data-form-error]", "Something still needs it")
        .await
        .unwrap();
    browser.press("#confirm [data-close]").await;
    browser.press("#group-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.see("[data-part=groups]", "No groups yet").await.unwrap();
    browser.press(&format!("{row} [data-delete]")).await;
    browser.press("#confirm-yes").await;
    browser.see_gone("#role-table", "Shift leader").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_roles_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let rights = json!([{ "right": "calls:read", "reach": "department" }, { "right": "recordings:play", "reach": "own" },
                        { "right": "clients:read" }, { "right": "staff:read" }]);
    let role = json!({ "name": "Старший смены контакт-центра", "rights": rights });
    let role = main.post("/roles", role).await.expect(201);
    let me = main.get("/me").await.text("/id").to_owned();
    let group = json!({ "name": "Ночная смена", "roles": [role.text("/id"), "supervisor"], "members": [me] });
    main.post("/groups", group).await.expect(201);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/roles").await;
        browser.press("#role-table summary").await;
        browser.check(&look, "roles").await;
        browser.press("#role-table [data-edit]").await;
        browser.find("#role-name").await.unwrap();
        browser.check(&look, "roles-dialog").await;
        browser.press("#role-form footer [data-close]").await;
        browser.press("[data-add=group]").await;
        browser.check(&look, "groups-dialog").await;
    }
    browser.quiet().await;
}
