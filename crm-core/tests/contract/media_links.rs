use frontdesk_crm_core::accounts;
use frontdesk_crm_core::media_links::{self, MediaLink, Sound};
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::staff::{self, StaffPatch};
use frontdesk_routing::ids::RecordingId;

use crate::office::{NOON, Office, refusal};

crate::on_both! {
    a_link_is_its_owners_as_long_as_they_have_access
    each_account_has_a_key_which_stays
}

fn link(staff: frontdesk_routing::ids::StaffId, office: &Office) -> MediaLink {
    MediaLink {
        sound: Sound::Recording,
        recording: RecordingId::from_u128(7),
        staff,
        project: first_of(office.first.account),
        expires: NOON / 1000 + 300,
    }
}

async fn a_link_is_its_owners_as_long_as_they_have_access(office: &Office) {
    let ivan = office.ivan().await;
    let link = link(ivan.id, office);
    let signature = media_links::sign(&office.db, office.first.account, &link)
        .await
        .unwrap();
    let whose = async |link: &MediaLink, signature: &str| {
        let owner = media_links::owner(&office.db, link, signature, office.now()).await;
        owner.unwrap().map(|owner| owner.name)
    };
    assert_eq!(whose(&link, &signature).await.as_deref(), Some("Ivan"));
    let of_main = MediaLink {
        staff: office.first.staff,
        ..link
    };
    assert_eq!(whose(&of_main, &signature).await, None);
    assert_eq!(whose(&link, &"0".repeat(64)).await, None);
    let none = StaffPatch {
        role: Some(None),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), ivan.id, none, None)
        .await
        .unwrap();
    assert_eq!(whose(&link, &signature).await, None, "no access");
}

async fn each_account_has_a_key_which_stays(office: &Office) {
    let account = office.first.account;
    let link = link(office.first.staff, office);
    let sign = async || media_links::sign(&office.db, account, &link).await;
    let first = sign().await.unwrap();
    accounts::seal(&office.db, &mut office.stamp().ids()).await.unwrap();
    assert_eq!(sign().await.unwrap(), first);
    office.raw("DELETE FROM media_keys").await.unwrap();
    assert!(refusal(sign().await).contains("has no key"));
    accounts::seal(&office.db, &mut office.stamp().ids()).await.unwrap();
    assert_ne!(sign().await.unwrap(), first, "another one, made at random");
}
