//! One's own settings: where one's calls go, and the second factor of the login; and whether everybody in the account needs one.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::two_factor;
use serde_json::json;

use super::forwarding::ForwardingPart;
use super::messages::{in_language_of, words};
use super::view::Frame;
use super::{PageError, reader, render};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

words! {
    /// The page of one's own settings.
    OwnWords {
        title: "My settings", "Мои настройки";
        heading: "Two-factor login", "Вход в два шага";
        lead: "Beside the password a login then needs a code from an app on your phone: whoever learns your password gets no further.",
            "Кроме пароля для входа понадобится код из приложения на телефоне: чужому одного пароля не хватит.";
        is_on: "On", "Включён";
        is_off: "Off", "Выключен";
        must: "Your company asks everybody for it: set it up to go on.", "В вашей компании это обязательно: настройте, чтобы продолжить.";
        begin: "Set up", "Настроить";
        scan: "Scan this with an authenticator app (Google Authenticator, Aegis, 1Password and the like).",
            "Отсканируйте приложением-аутентификатором (Google Authenticator, Яндекс Ключ, Aegis и другие).";
        qr: "QR code for the app", "QR-код для приложения";
        by_hand: "Or type it over:", "Или введите вручную:";
        code: "Code from the app", "Код из приложения";
        turn_on: "Switch on", "Включить";
        recovery: "Recovery codes", "Запасные коды";
        recovery_lead: "Each lets you in once, should you lose the phone. Keep them safe: they are not shown again.",
            "Каждый пустит вас один раз, если телефон потеряется. Сохраните их: больше они показаны не будут.";
        kept: "I have kept them", "Сохранил";
        left: "Recovery codes left:", "Осталось запасных кодов:";
        off_lead: "To switch it off, give a code from the app or a recovery code.", "Чтобы выключить, введите код из приложения или запасной код.";
        turn_off: "Switch off", "Выключить";
        everybody: "For everybody in the company", "Для всех в компании";
        everybody_check: "A login needs two factors", "Вход только в два шага";
        everybody_hint: "Whoever has not set it up yet does so at the next visit.", "Кто ещё не настроил — настроит при следующем входе.";
        wrong_code: "Not the code of this moment: check the clock of the phone", "Код не подходит: проверьте часы телефона";
        saved: "Saved", "Сохранено";
    }
}

#[derive(Template)]
#[template(path = "own.html")]
struct OwnPage {
    frame: Frame,
    w: &'static OwnWords,
    enabled: bool,
    required: bool,
    recovery_codes: i64,
    may_require: bool,
    version: i64,
    forwarding: ForwardingPart,
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    let who = (reader.access.account, reader.access.staff);
    let status = two_factor::status(&state.db, who.0, who.1).await;
    let status = status.map_err(|error| reader.failed(error.into()))?;
    let w = in_language_of!(reader.t, OwnWords);
    let mut frame = reader.frame("own", "own.js");
    frame.texts = super::texts(reader.t, json!({ "code.invalid": w.wrong_code, "saved": w.saved }));
    let page = OwnPage {
        frame,
        w,
        enabled: status.enabled,
        required: status.required,
        recovery_codes: status.recovery_codes,
        may_require: reader.access.may(Right::SettingsWrite),
        version: reader.account.version,
        forwarding: ForwardingPart::of(&state, &reader),
    };
    Ok(render(reader.t, &page))
}
