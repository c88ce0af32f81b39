use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::destinations::{self, DestinationPatch, Owner};
use frontdesk_crm_core::mailboxes::{self, MailboxPatch};
use frontdesk_crm_core::menus::{self, MenuPatch};
use frontdesk_crm_core::numbers::{self, NewGreeting, NumberPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::prompts::{self, NewPrompt};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_routing::ids::PromptId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::Destination;

use crate::office::{Office, refusal};

crate::on_both! {
    prompts_are_kept_listed_and_not_deleted_while_a_menu_says_them
    menus_are_kept_with_their_keys_and_reach_the_plan
    numbers_greet_their_callers_and_the_plan_knows
    what_calls_can_be_sent_to_is_listed_by_account
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
    assert!(prompts::delete(&office.db, &office.author(), ask, None).await.is_err());
    prompts::delete(&office.db, &office.author(), wait, None).await.unwrap();
    menus::delete(&office.db, &office.author(), menu.plan.id, None)
        .await
        .unwrap();
    prompts::delete(&office.db, &office.author(), ask, None).await.unwrap();
    assert_eq!(
        refusal(prompts::delete(&office.db, &office.author(), ask, None).await),
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
    assert!(
        departments::delete(&office.db, &office.author(), sales, None)
            .await
            .is_err()
    );
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
    departments::delete(&office.db, &office.author(), sales, None)
        .await
        .unwrap();
    menus::delete(&office.db, &office.author(), made.plan.id, None)
        .await
        .unwrap();
    assert!(
        plan_build::full(&office.db)
            .await
            .unwrap()
            .menus
            .get(made.plan.id)
            .is_none()
    );
}

async fn numbers_greet_their_callers_and_the_plan_knows(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let new = NumberPatch {
        number: Some("+74951234567".into()),
        to: DestinationPatch::staff(office.first.staff),
        ..NumberPatch::default()
    };
    let number = numbers::create(db, &office.author(), new).await.unwrap();
    assert_eq!(numbers::get(db, account, number.id).await.unwrap(), number);
    let hello = prompt(office, 1, "Hello", None).await.unwrap();
    assert_eq!(prompts::get(db, account, hello).await.unwrap().name, "Hello");
    let set = async |prompt: Option<PromptId>, version| {
        let new = NewGreeting {
            prompt: prompt.map(|prompt| prompt.to_string()),
            says_recorded: true,
        };
        numbers::set_greeting(db, &office.author(), number.id, new, version).await
    };
    let (before, version) = numbers::greeting(db, account, number.id).await.unwrap();
    assert_eq!((before.prompt, before.says_recorded, version), (None, false, 1));
    let unknown = set(Some(PromptId::from_u128(9)), None).await;
    assert_eq!(refusal(unknown), "invalid: greeting_id unknown");
    let (after, version) = set(Some(hello), Some(1)).await.unwrap();
    assert_eq!((after.prompt, after.says_recorded, version), (Some(hello), true, 2));
    assert_eq!(refusal(set(None, Some(1)).await), "stale");
    assert_eq!(numbers::greeting(db, account, number.id).await.unwrap(), (after, 2));
    let plan = plan_build::full(db).await.unwrap();
    let dialled = PhoneNumber::from_e164("+74951234567").unwrap();
    assert_eq!(plan.menus.greeting(account, dialled), Some(after));
    let theirs = setup::another(db, office.stamp(), Beginning::default())
        .await
        .unwrap()
        .account;
    assert_eq!(refusal(numbers::greeting(db, theirs, number.id).await), "not found");
    assert_eq!(refusal(numbers::get(db, theirs, number.id).await), "not found");
    assert_eq!(refusal(prompts::get(db, theirs, hello).await), "not found");
}

async fn what_calls_can_be_sent_to_is_listed_by_account(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let ask = prompt(office, 1, "Ask", None).await.unwrap();
    let mut made = Vec::new();
    for name in ["Second", "First"] {
        let new = MenuPatch {
            name: Some(name.into()),
            prompt: Some(ask.to_string()),
            ..MenuPatch::default()
        };
        let menu = menus::create(db, &office.author(), new).await.unwrap();
        made.insert(0, (menu.plan.id, name.to_owned()));
    }
    assert_eq!(destinations::menus(db, account).await.unwrap(), made);
    let new = MailboxPatch {
        staff: Some(office.first.staff.to_string()),
        ..MailboxPatch::default()
    };
    let mailbox = mailboxes::create(db, &office.author(), new).await.unwrap().id;
    let boxes = destinations::mailboxes(db, account).await.unwrap();
    assert_eq!(boxes, [(mailbox, Owner::Staff(office.first.staff))]);
    assert!(mailboxes::with_greeting(db).await.unwrap().is_empty());
    mailboxes::greeting(db, &office.author(), (mailbox, None), true)
        .await
        .unwrap();
    assert_eq!(mailboxes::with_greeting(db).await.unwrap(), [mailbox]);
    assert!(mailboxes::get(db, account, mailbox).await.unwrap().own_greeting);
    let other = setup::another(db, office.stamp(), Beginning::default()).await.unwrap();
    assert!(destinations::menus(db, other.account).await.unwrap().is_empty());
    assert!(destinations::mailboxes(db, other.account).await.unwrap().is_empty());
    let mut author = office.author();
    author.account = other.account;
    let foreign = mailboxes::greeting(db, &author, (mailbox, None), false).await;
    assert_eq!(refusal(foreign), "not found");
    assert_eq!(mailboxes::with_greeting(db).await.unwrap(), [mailbox]);
}
