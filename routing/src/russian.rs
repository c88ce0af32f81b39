//! Why a decision fell so, in Russian.
//!
//! Records keep the English sentences of [`crate::because`] and [`crate::explain`]: they are matched by their patterns and said
//! anew. What has no pattern stays as it is.

/// Sentences: `{}` stays as it is, `{+}` is a sentence of its own. Of those that begin equally soon the first counts.
const SENTENCES: &[(&str, &str)] = &[
    (
        "for another time than now everybody is taken to be reachable and to want calls",
        "для другого времени считается, что все на связи и никто не просит не беспокоить",
    ),
    ("so many wait there already: {}", "в очереди уже ждут: {}"),
    ("then the department {}", "затем отдел {}"),
    ("then {+}", "затем: {+}"),
    ("{} forwards {+}: {+}", "{} переадресует {+}: {+}"),
    (
        "the short number is {}'s, who {+}: {+}",
        "это короткий номер: {}, но сейчас {+}, поэтому {+}",
    ),
    (
        "the short number is {}'s, who {+}",
        "это короткий номер: {}, но сейчас {+}",
    ),
    (
        "the number is connected with {}, who {+}: {+}",
        "номер подключён к: {}, но сейчас {+}, поэтому {+}",
    ),
    (
        "the number is connected with {}, who {+}",
        "номер подключён к: {}, но сейчас {+}",
    ),
    ("{+}, who {+}: {+}", "{+}, но сейчас {+}, поэтому {+}"),
    ("{+}, who {+}", "{+}, но сейчас {+}"),
    ("{} is closed until {}: {+}", "{}: закрыто до {}, поэтому {+}"),
    ("{} is closed: {+}", "{}: закрыто, поэтому {+}"),
    (
        "nobody has entered the hours of {} for that day: {+}",
        "{}: часы работы на этот день не заданы, поэтому {+}",
    ),
    ("{} is closed until {}", "{}: закрыто до {}"),
    ("{} is closed", "{}: закрыто"),
    (
        "nobody has entered the hours of {} for that day",
        "{}: часы работы на этот день не заданы",
    ),
    (
        "the short number is the department {}'s, of {} members",
        "это короткий номер отдела {}, сотрудников в нём: {}",
    ),
    ("the short number is {}'s", "это короткий номер: {}"),
    (
        "the number is connected with the department {}, of {} members",
        "номер подключён к отделу {}, сотрудников в нём: {}",
    ),
    ("the number is connected with {}", "номер подключён к: {}"),
    ("the number greets its callers", "номер сначала приветствует звонящего"),
    ("no messages can be left", "сообщение оставить нельзя"),
    ("no room for messages", "для сообщений нет места на диске"),
    ("the message could not be kept", "сообщение не удалось сохранить"),
    ("a message can be left for {}", "можно оставить сообщение, для: {}"),
    ("the menu {} answers", "отвечает голосовое меню {}"),
    ("the menu {} is no more", "голосового меню {} больше нет"),
    ("in the menu {}: {+}", "в голосовом меню {}: {+}"),
    ("the key {} was pressed", "нажата клавиша {}"),
    ("the short number {} was dialled", "набран короткий номер {}"),
    ("nothing was pressed", "ничего не нажато"),
    (
        "only keys that lead nowhere were pressed",
        "нажаты только клавиши, которые никуда не ведут",
    ),
    (
        "menus lead to each other without end",
        "голосовые меню без конца ведут друг в друга",
    ),
    ("whoever was chosen is no more", "выбранного адресата больше нет"),
    (
        "the number is not connected with anybody",
        "номер ни к кому не подключён",
    ),
    (
        "a number outside, by the route {}: {}",
        "внешний номер, по маршруту {}: линия {}",
    ),
    ("a number outside, by {}", "внешний номер, по линии {}"),
    (
        "the route {} lets nobody call such numbers",
        "маршрут {} запрещает звонить на такие номера",
    ),
    ("an emergency number, by {}", "экстренный номер, по линии {}"),
    (
        "calls are not forwarded to an emergency number",
        "на экстренный номер звонки не переадресуются",
    ),
    (
        "no trunk takes calls to that number",
        "ни одна линия не ведёт на этот номер",
    ),
    (
        "no trunk can take the call: {+}",
        "ни одна линия не может принять звонок: {+}",
    ),
    (
        "no server of theirs is known and no gateway registered",
        "адрес сервера неизвестен и шлюз не подключён",
    ),
    ("nobody in this account has that number", "такого номера в компании нет"),
    ("what was dialled is not a number", "набран не номер"),
    (
        "the call has left by one of our own numbers and comes back",
        "звонок вышел с нашего номера и вернулся на наш же",
    ),
    (
        "a telephone that rings for this call has sent it back to us",
        "телефон, на котором звонит этот вызов, вернул его нам",
    ),
    (
        "the caller dialled their own number and has no other phone",
        "набран собственный номер, а другого телефона нет",
    ),
    ("no phone of {} is registered", "{}: ни один телефон не в сети"),
    (
        "nobody of the department {} can take calls now",
        "в отделе {} сейчас никто не может принять звонок",
    ),
    (
        "as many wait for the department {} as may",
        "очередь отдела {} заполнена",
    ),
    ("such calls go to {}", "такие звонки принимает {}"),
    ("the department {} is no more", "отдела {} больше нет"),
    (
        "waited for the department {} as long as one may",
        "время ожидания в отделе {} истекло",
    ),
    (
        "the overflow comes back to the department {}",
        "передача звонка возвращается в отдел {}",
    ),
    (
        "no line leads to the telephone of {}",
        "{}: ни одна линия не ведёт на телефон",
    ),
    (
        "the telephone of {} is in a call already",
        "{}: телефон уже занят разговором",
    ),
    ("the forwarding comes back to {}", "переадресация возвращается к: {}"),
    ("forwarded {} times already", "звонок уже переадресован, раз: {}"),
    ("a feature code without its number: {+}", "код функции без номера: {+}"),
    ("a feature code: {+}, but {+}", "код функции: {+}, но {+}"),
    ("a feature code: {+}", "код функции: {+}"),
    (
        "the stub was dialled, but no client was hidden lately",
        "набран номер-заглушка, но скрытых клиентов давно не было",
    ),
    (
        "hidden clients are not reached by the stub or a token",
        "скрытым клиентам нельзя перезвонить по заглушке или метке",
    ),
    (
        "the client is called whose number was hidden last",
        "звонок идёт клиенту, чей номер был скрыт последним",
    ),
    ("ordered with a click", "звонок заказан щелчком по номеру"),
    ("ordered by a visitor of the site", "звонок заказал посетитель сайта"),
    (
        "the daemon is stopping and takes no new calls",
        "станция останавливается и не принимает новых звонков",
    ),
    (
        "records cannot be kept at present, so no new calls are taken",
        "сейчас нельзя вести журнал, поэтому новые звонки не принимаются",
    ),
    (
        "the caller's phone offers no audio that we can carry",
        "телефон звонящего не предлагает подходящего звука",
    ),
    (
        "the call may not be forked to so many phones",
        "звонок нельзя разослать на столько телефонов",
    ),
    ("no audio port is free", "нет свободного порта для звука"),
    ("an error of the program: {}", "ошибка программы: {}"),
    ("taken over by {+}", "звонок перехватил: {+}"),
    ("forwarded by {+} to {}", "телефон {+} переадресовал на {}"),
    ("parked at {} by {+}", "припаркован на {}, кем: {+}"),
    (
        "a trunk failed with {} and no other is free",
        "линия отказала ({}), другой свободной нет",
    ),
    (
        "a trunk failed with {}, so the next way was tried",
        "линия отказала ({}), пробуем следующую",
    ),
    ("waits at place {} of the line", "ждёт, место в очереди: {}"),
    (
        "{+} could not join two calls: {}",
        "{+}: соединить два звонка не удалось ({})",
    ),
    (
        "transferred by {+} while it rang",
        "переведён во время вызова, кем: {+}",
    ),
    ("went on in call {}", "продолжился в звонке {}"),
    (
        "{+} could not transfer to the department {}: {}",
        "{+}: перевести в отдел {} не удалось ({})",
    ),
    (
        "{+} could not transfer to {}: {}",
        "{+}: перевести на {} не удалось ({})",
    ),
    ("transferred by {+} to the department {}", "{+} переводит в отдел {}"),
    ("transferred by {+} to {}", "{+} переводит на {}"),
    (
        "nobody took the call, so it went back",
        "никто не ответил, и звонок вернулся",
    ),
    (
        "nobody took the call, and it could not go back: {}",
        "никто не ответил, и вернуть звонок не удалось ({})",
    ),
    ("an unknown party", "неизвестный"),
    ("by {} it shows {}: {+}", "по линии {} показывается {}: {+}"),
    (
        "it shows the displayed number of its staff member",
        "показан отображаемый номер сотрудника",
    ),
    ("it shows the account's single number", "показан единый номер компании"),
    (
        "it shows the number of the site",
        "показан номер для экстренных вызовов",
    ),
    (
        "it shows the number of the staff member's own site",
        "показан номер того места, где сидит сотрудник",
    ),
    (
        "it shows the number that the client called",
        "показан номер, на который звонил клиент",
    ),
    ("it shows the client's number", "показан номер клиента"),
    ("it shows the stub", "показан номер-заглушка"),
    ("it shows the line's own number", "показан номер самой линии"),
    ("the caller is the client {}, a VIP", "звонит Vip-клиент {}"),
    ("the caller is the client {}", "звонит клиент {}"),
    ("the caller is told {}", "звонящий получает отказ {}"),
    (
        "the client's personal manager comes first",
        "сначала персональный менеджер клиента",
    ),
    ("the client's personal manager {+}", "персональный менеджер клиента {+}"),
    ("others are passed over too", "пропущены и другие"),
    ("a VIP waits ahead of all others", "Vip-клиент ждёт впереди всех"),
    (
        "a VIP waits ahead of whoever came at most {} s earlier",
        "Vip-клиент обгоняет тех, кто пришёл не раньше чем за {} с",
    ),
    (
        "in this line VIPs wait like all others",
        "в этой очереди Vip-клиенты ждут как все",
    ),
    ("the number is one's own", "номер свой собственный"),
    ("the caller has no short number", "у звонящего нет короткого номера"),
    ("nobody is parked there", "там никто не припаркован"),
    ("the call could not be taken", "звонок не удалось принять"),
    ("every place is taken", "все места заняты"),
    (
        "the colleague is in no department of the caller",
        "коллега не из отделов звонящего",
    ),
    ("no call rings", "никому не звонят"),
    ("all calls", "все звонки"),
    ("calls while busy", "звонки, пока занято"),
    ("calls that are not answered", "звонки без ответа"),
    ("calls while no phone is registered", "звонки, пока телефон не в сети"),
    ("do not disturb", "не беспокоить"),
    ("do not disturb no more", "больше не «не беспокоить»"),
    ("do not disturb or no more", "переключить «не беспокоить»"),
    ("forward {+} no more", "отменить переадресацию: {+}"),
    ("forward {+}", "переадресация: {+}"),
    ("take a colleague's ringing call", "перехватить звонок коллеги"),
    ("take a ringing call", "перехватить звонок"),
    ("park a call", "припарковать звонок"),
    ("echo test", "проверка эха"),
    ("say my number", "назвать мой номер"),
    ("hear messages", "прослушать сообщения"),
    ("leave a message", "оставить сообщение"),
    (
        "messages cannot be read at present",
        "сообщения сейчас нельзя прочитать",
    ),
    ("the sound of a message is lost", "звук сообщения утрачен"),
];

/// What is said of somebody who is named before it, or of whom the sentence was.
const PREDICATES: &[(&str, &str)] = &[
    ("does not work in {}", "не работает в проекте {}"),
    ("takes no calls at present", "сейчас не принимает звонки"),
    ("is off until {}", "не на работе до {}"),
    ("is off", "не на работе"),
    ("has no hours for that day", "часы работы на этот день не заданы"),
    ("does not want to be disturbed", "просит не беспокоить"),
    ("cannot be reached", "не в сети"),
    ("has no access any more", "без доступа"),
    ("is busy", "занято"),
    ("has a rest between calls", "отдыхает между звонками"),
    ("does not answer", "не отвечает"),
    ("declines", "отклоняет"),
    ("can be rung", "можно звонить"),
    ("carries as many calls as it may", "занята: больше звонков не примет"),
    (
        "has taken as many new calls in a second as it may",
        "занята: слишком много новых звонков в секунду",
    ),
];

/// A sentence of ours without its capital and its full stop.
pub fn told(english: &str) -> String {
    translated(english, 0).unwrap_or_else(|| english.to_owned())
}

/// Sentences within sentences go no deeper.
const DEEPEST: u8 = 8;

fn translated(english: &str, depth: u8) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let whole = SENTENCES.iter().chain(PREDICATES);
    let whole = whole.map(|(pattern, words)| ((*pattern).to_owned(), (*words).to_owned()));
    let named = PREDICATES
        .iter()
        .map(|(pattern, words)| (format!("{{+}} {pattern}"), format!("{{+}}: {words}")));
    let mut best: Option<(usize, Vec<&str>, String)> = None;
    for (pattern, words) in whole.chain(named) {
        let Some(found) = matched(english, &pattern) else {
            continue;
        };
        // what stands before the first word of ours is a name: the shortest one belongs to the outermost sentence
        let name = found.first().filter(|_| pattern.starts_with('{'));
        let name = name.map_or(0, |name| name.len());
        if best.as_ref().is_none_or(|(shortest, ..)| name < *shortest) {
            best = Some((name, found, words));
        }
    }
    best.and_then(|(_, found, words)| said(&words, found, depth))
}

fn said(words: &str, found: Vec<&str>, depth: u8) -> Option<String> {
    let mut russian = String::new();
    let (mut rest, mut found) = (words, found.into_iter());
    while let Some((before, after)) = rest.split_once('{') {
        let (kind, after) = after.split_once('}')?;
        let text = found.next()?;
        russian.push_str(before);
        match kind {
            "+" => russian.push_str(&translated(text, depth.saturating_add(1)).unwrap_or_else(|| text.to_owned())),
            _ => russian.push_str(text),
        }
        rest = after;
    }
    russian.push_str(rest);
    Some(russian)
}

/// What stands at the places of a pattern, each as short as it can be.
fn matched<'a>(english: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let mut literals = pattern.split("{+}").flat_map(|part| part.split("{}"));
    let mut rest = english.strip_prefix(literals.next()?)?;
    let mut literals = literals.peekable();
    let mut found = Vec::new();
    while let Some(literal) = literals.next() {
        let (text, after) = match literals.peek() {
            Some(_) => rest.split_once(literal)?,
            None => (rest.strip_suffix(literal)?, ""),
        };
        if text.is_empty() {
            return None;
        }
        found.push(text);
        rest = after;
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests;
