//! Photos of people on the running daemon.

use std::io::Cursor;

use frontdesk_tests::house::{House, alone, id, visit};
use frontdesk_tests::office::Answer;
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};

const WHERE: &[u8] = b"GPS 59.9386 N 30.3141 E";

fn picture(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(900, 600, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    file(DynamicImage::ImageRgb8(picture), format)
}

fn file(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// With an Exif segment that says where it was taken.
fn telling(jpeg: &[u8]) -> Vec<u8> {
    let exif = [b"Exif\0\0", WHERE].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

async fn put(house: &House, member: &Value, (kind, file): (&str, Vec<u8>)) -> Answer {
    let path = format!("/staff/{}/photo", id(member));
    house.main.raw(Method::PUT, &path, kind, file).await
}

/// What is at a person's `photo_url`.
async fn shown(house: &House, member: &Value) -> Answer {
    let member = house.member(member).await;
    let url = member["photo_url"].as_str().unwrap();
    house.main.get(&format!("/{url}")).await.expect(200)
}

/// Row L7.
#[test]
fn l7_a_photo_comes_with_the_name_and_without_one_a_placeholder() {
    visit(async |house| {
        let (with, without) = (house.hire(json!({})).await, house.hire(json!({})).await);
        put(house, &with, ("image/png", picture(ImageFormat::Png)))
            .await
            .expect(200);
        assert_eq!(shown(house, &with).await.header("content-type"), "image/jpeg");
        assert_eq!(shown(house, &without).await.header("content-type"), "image/svg+xml");
        let list = house.main.get("/staff?limit=500").await.expect(200).body;
        let list = list["items"].as_array().unwrap();
        let has = |member: &Value| &list.iter().find(|one| one["id"] == member["id"]).unwrap()["has_photo"];
        assert_eq!((has(&with), has(&without)), (&json!(true), &json!(false)));
    });
}

/// Row L23.
#[test]
fn l23_a_photo_of_each_format_is_kept_as_a_square_jpeg_of_two_sizes() {
    visit(async |house| {
        for (kind, format) in [
            ("image/jpeg", ImageFormat::Jpeg),
            ("image/png", ImageFormat::Png),
            ("image/webp", ImageFormat::WebP),
        ] {
            let member = house.hire(json!({})).await;
            put(house, &member, (kind, picture(format))).await.expect(200);
            for (query, side) in [("", 512), ("?size=small", 128)] {
                let path = format!("/staff/{}/photo{query}", id(&member));
                let kept = house.main.get(&path).await.expect(200);
                assert_eq!(image::guess_format(&kept.bytes).unwrap(), ImageFormat::Jpeg);
                let kept = image::load_from_memory(&kept.bytes).unwrap();
                assert_eq!((kept.width(), kept.height()), (side, side), "{kind}");
            }
        }
    });
}

/// Row L23.
#[test]
fn l23_where_a_photo_was_taken_is_not_kept() {
    alone(async |house| {
        let member = house.hire(json!({})).await;
        let file = telling(&picture(ImageFormat::Jpeg));
        assert!(file.windows(WHERE.len()).any(|part| part == WHERE));
        put(house, &member, ("image/jpeg", file)).await.expect(200);
        let folder = house.daemon.folder().join("data/photos");
        let kept: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(kept.len(), 2);
        for path in kept {
            let bytes = std::fs::read(path).unwrap();
            assert!(!bytes.windows(4).any(|part| part == b"Exif" || part == b"59.9"));
        }
    });
}

/// Row L23.
#[test]
fn l23_what_is_no_image_is_refused_whatever_it_is_called() {
    visit(async |house| {
        let member = house.hire(json!({})).await;
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#.to_vec();
        let png = picture(ImageFormat::Png);
        for (kind, file) in [
            ("image/jpeg", b"MZ no image".to_vec()),
            ("image/svg+xml", svg),
            ("image/png", png[..png.len() / 2].to_vec()),
            ("application/pdf", png),
            ("image/gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ] {
            put(house, &member, (kind, file)).await.expect(415);
        }
        assert_eq!(house.member(&member).await["has_photo"], false);
    });
}

/// Row L23.
#[test]
fn l23_too_large_a_file_or_picture_is_refused() {
    visit(async |house| {
        let member = house.hire(json!({})).await;
        let mut large = picture(ImageFormat::Png);
        large.resize(8 * 1024 * 1024 + 1, 0);
        put(house, &member, ("image/png", large)).await.expect(413);
        let bomb = file(
            DynamicImage::ImageLuma8(GrayImage::new(12_000, 12_000)),
            ImageFormat::Png,
        );
        assert!(bomb.len() < 1_000_000);
        put(house, &member, ("image/png", bomb)).await.expect(413);
        assert_eq!(house.member(&member).await["has_photo"], false);
    });
}

/// Row L23.
#[test]
fn l23_a_new_photo_replaces_the_old_one_and_one_that_is_taken_away_is_gone() {
    alone(async |house| {
        let member = house.hire(json!({})).await;
        let path = format!("/staff/{}/photo", id(&member));
        let first = put(house, &member, ("image/png", picture(ImageFormat::Png)))
            .await
            .expect(200);
        let second = put(house, &member, ("image/png", picture(ImageFormat::Png)))
            .await
            .expect(200);
        assert_ne!(first.text("/photo_url"), second.text("/photo_url"));
        let files = || {
            std::fs::read_dir(house.daemon.folder().join("data/photos"))
                .unwrap()
                .count()
        };
        assert_eq!(files(), 2);
        house.main.delete(&path).await.expect(204);
        assert_eq!(files(), 0);
        house.main.get(&path).await.expect(404);
        house.main.delete(&path).await.expect(404);
        let audit = house
            .main
            .get(&format!("/audit?entity_id={}", id(&member)))
            .await
            .expect(200)
            .body;
        let rows = audit["items"].as_array().unwrap();
        assert_eq!(
            rows.iter().filter(|row| row["action"] == "staff.photo_changed").count(),
            3
        );
    });
}

/// Row L23.
#[test]
fn l23_only_who_may_change_staff_gives_photos_and_nobody_else_sees_them() {
    visit(async |house| {
        let (employee, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let path = format!("/staff/{}/photo", id(&member));
        let refused = employee
            .raw(Method::PUT, &path, "image/png", picture(ImageFormat::Png))
            .await;
        refused.expect(403);
        put(house, &member, ("image/png", picture(ImageFormat::Png)))
            .await
            .expect(200);
        employee.get(&path).await.expect(200);
        employee.without("cookie").get(&path).await.expect(401);
    });
}

/// Row L2.
#[test]
fn l2_the_main_account_has_a_photo_too() {
    visit(async |house| {
        let me = house.main.get("/me").await.expect(200).body;
        put(house, &me, ("image/png", picture(ImageFormat::Png)))
            .await
            .expect(200);
        assert_eq!(house.member(&me).await["has_photo"], true);
        let (admin, _) = house.log_in_new(json!({ "role": "admin" })).await;
        let path = format!("/staff/{}/photo", id(&me));
        admin
            .raw(Method::PUT, &path, "image/png", picture(ImageFormat::Png))
            .await
            .expect(403);
    });
}
