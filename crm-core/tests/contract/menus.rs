use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::menus::{self, MenuPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::prompts::{self, NewPrompt};
use frontdesk_routing::ids::PromptId;
use frontdesk_routing::plan::Destination;

use crate::office::{Office, refusal};

crate::on_both! {
    prompts_are_kept_listed_and_not_deleted_while_a_menu_says_them
    menus_are_kept_with_their_keys_and_reach_the_plan
}

async fn prompt(office: &Office, id: u128, name: &str, replaces: Option<&str>) -> Result<PromptId, String> {
    let new = NewPrompt {
        name: name.into(),
        replaces: replaces.map(str::to_owned),
    };
    let made = prompts::create(&office.db, &office.author(), (PromptId::from_u128(id), new), 1_000).await;
    match made {
        Ok(prompt) => Ok(prompt.id),
        refused => Err(refusal(refused)),
    }
}

async fn prompts_are_kept_listed_and_not_deleted_while_a_menu_says_them(office: &Office) {
    let account = office.first.account;
    let ask = prompt(office, 1, " Ask ", None).await.unwrap();
    let wait = prompt(office, 2, "Wait", Some("please_wait")).await.unwrap();
    let again = prompt(office, 3, "Wait", Some("please_wait")).await;
    assert_eq!(again.unwrap_err(), "taken: replaces taken");
    assert_eq!(
        prompt(office, 4, "", Some("x")).await.unwrap_err(),
        "invalid: name required, replaces unknown"
    );
    let names: Vec<String> = prompts::list(&office.db, account)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Ask", "Wait"]);
    assert_eq!(prompts::all(&office.db).await.unwrap().len(), 2);
    let new = MenuPatch {
        name: Some("Main".into()),
        prompt: Some(ask.to_string()),
        ..MenuPatch::default()
    };
    let menu = menus::create(&office.db, &office.author(), new).await.unwrap();
    assert!(prompts::delete(&office.db, &office.author(), ask).await.is_err());
    prompts::delete(&office.db, &office.author(), wait).await.unwrap();
    menus::delete(&office.db, &office.author(), menu.plan.id).await.unwrap();
    prompts::delete(&office.db, &office.author(), ask).await.unwrap();
    assert_eq!(
        refusal(prompts::delete(&office.db, &office.author(), ask).await),
        "not found"
    );
}

async fn menus_are_kept_with_their_keys_and_reach_the_plan(office: &Office) {
    let account = office.first.account;
    let ask = prompt(office, 1, "Ask", None).await.unwrap();
    let sales = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), sales)
        .await
        .unwrap()
        .plan
        .id;
    let to_sales = || DestinationPatch {
        department: Some(sales.to_string()),
        ..DestinationPatch::default()
    };
    let new = MenuPatch {
        name: Some("Main".into()),
        short_number: Some(Some("300".into())),
        prompt: Some(ask.to_string()),
        keys: Some(vec![("1".into(), Some(to_sales())), ("#".into(), None)]),
        on_invalid: Some(Some(to_sales())),
        dials_short: Some(true),
        ..MenuPatch::default()
    };
    let made = menus::create(&office.db, &office.author(), new).await.unwrap();
    assert_eq!(menus::get(&office.db, account, made.plan.id).await.unwrap(), made);
    assert_eq!(
        menus::list(&office.db, account).await.unwrap(),
        std::slice::from_ref(&made)
    );
    let to = Destination::Department(sales);
    assert_eq!(made.plan.keys, [('#', None), ('1', Some(to))].into());
    let plan = plan_build::full(&office.db).await.unwrap();
    assert_eq!(plan.menus.get(made.plan.id).map(|menu| &**menu), Some(&made.plan));
    assert_eq!(plan.menus.dialled(account, "200").to, Some(to));
    assert!(departments::delete(&office.db, &office.author(), sales).await.is_err());
    let patch = MenuPatch {
        keys: Some(Vec::new()),
        on_invalid: Some(None),
        ..MenuPatch::default()
    };
    let changed = menus::update(&office.db, &office.author(), made.plan.id, patch.clone(), Some(1))
        .await
        .unwrap();
    assert!(changed.plan.keys.is_empty() && changed.plan.on_invalid.is_none());
    let stale = menus::update(&office.db, &office.author(), made.plan.id, patch, Some(1)).await;
    assert_eq!(refusal(stale), "stale");
    departments::delete(&office.db, &office.author(), sales).await.unwrap();
    menus::delete(&office.db, &office.author(), made.plan.id).await.unwrap();
    assert!(
        plan_build::full(&office.db)
            .await
            .unwrap()
            .menus
            .get(made.plan.id)
            .is_none()
    );
}
