//! The company of the demonstration: who works there and who calls.

/// Somebody who works there.
pub(super) struct Person {
    pub(super) surname: &'static str,
    pub(super) given_name: &'static str,
    pub(super) patronymic: &'static str,
    pub(super) position: &'static str,
    pub(super) short_number: &'static str,
    pub(super) phone: PhoneState,
}

/// What a person's phone does, so that each status can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhoneState {
    /// Registered, with a voice of this pitch in hertz.
    Speaks(u16),
    /// Has SIP data and no phone switched on.
    Off,
    /// Has no SIP data yet.
    NotCreated,
}

/// Somebody who calls in.
pub(super) struct Customer {
    pub(super) number: &'static str,
    pub(super) name: &'static str,
    pub(super) company: &'static str,
    pub(super) position: &'static str,
    pub(super) vip: bool,
}

/// A group that answers together.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) short_number: &'static str,
    /// By short number.
    pub(super) members: &'static [&'static str],
}

pub(super) const PROVIDER: &str = "Северная Телефония";

pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "Отдел продаж",
        short_number: "201",
        members: &["121", "122", "123", "124"],
    },
    Group {
        name: "Поддержка",
        short_number: "202",
        members: &["125", "126", "127"],
    },
];

const fn person(
    (surname, given_name, patronymic): (&'static str, &'static str, &'static str),
    position: &'static str,
    short_number: &'static str,
    phone: PhoneState,
) -> Person {
    Person {
        surname,
        given_name,
        patronymic,
        position,
        short_number,
        phone,
    }
}

pub(super) const STAFF: &[Person] = &[
    person(
        ("Соколова", "Анна", "Сергеевна"),
        "Руководитель отдела продаж",
        "121",
        PhoneState::Speaks(205),
    ),
    person(
        ("Кузнецов", "Иван", "Петрович"),
        "Менеджер по продажам",
        "122",
        PhoneState::Speaks(112),
    ),
    person(
        ("Морозова", "Елена", "Викторовна"),
        "Менеджер по продажам",
        "123",
        PhoneState::Speaks(190),
    ),
    person(
        ("Bennett", "Claire", ""),
        "Account manager",
        "124",
        PhoneState::Speaks(215),
    ),
    person(
        ("Орлов", "Дмитрий", "Андреевич"),
        "Инженер поддержки",
        "125",
        PhoneState::Speaks(98),
    ),
    person(
        ("Fischer", "Jonas", ""),
        "Support engineer",
        "126",
        PhoneState::Speaks(120),
    ),
    person(
        ("Лебедева", "Мария", "Олеговна"),
        "Инженер поддержки",
        "127",
        PhoneState::Off,
    ),
    person(("Novak", "Petra", ""), "Accountant", "128", PhoneState::NotCreated),
];

const fn customer(
    number: &'static str,
    name: &'static str,
    company: &'static str,
    position: &'static str,
    vip: bool,
) -> Customer {
    Customer {
        number,
        name,
        company,
        position,
        vip,
    }
}

pub(super) const CUSTOMERS: &[Customer] = &[
    customer("+79161234501", "Волков Артём", "ООО «Вектор»", "Директор", true),
    customer("+79161234502", "Зайцева Ольга", "ООО «Вектор»", "Бухгалтер", false),
    customer("+79161234503", "Павлов Сергей", "Стройинвест", "Снабжение", false),
    customer(
        "+79161234504",
        "Семёнова Наталья",
        "Аптека «Ромашка»",
        "Заведующая",
        true,
    ),
    customer("+79161234505", "Голубев Максим", "", "", false),
    customer("+79161234506", "Виноградова Ирина", "Школа № 12", "Секретарь", false),
    customer("+79161234507", "Богданов Олег", "Транслогистика", "Диспетчер", false),
    customer("+79161234508", "Воробьёва Татьяна", "", "", false),
    customer("+74951234509", "Фёдоров Павел", "Банк «Невский»", "Управляющий", true),
    customer(
        "+74951234510",
        "Михайлова Светлана",
        "Медцентр «Здоровье»",
        "Администратор",
        false,
    ),
    customer("+73433334511", "Беляев Роман", "Петропласт", "Инженер", false),
    customer("+73433334512", "Тарасова Юлия", "Петропласт", "Закупки", false),
    customer("+442079460013", "Oliver Hughes", "Thames Trading", "Buyer", true),
    customer("+442079460014", "Amelia Clarke", "Thames Trading", "Assistant", false),
    customer("+493023125015", "Lukas Weber", "Weber & Sohn", "Geschäftsführer", false),
    customer("+493023125016", "Hannah Schulz", "Kanzlei Schulz", "Anwältin", true),
    customer("+12025550117", "Emily Carter", "Potomac Labs", "Office manager", false),
    customer("+12025550118", "James Miller", "Potomac Labs", "Engineer", false),
    customer("+33199000019", "Camille Dubois", "Atelier Dubois", "Gérante", false),
    customer("+33199000020", "Hugo Laurent", "", "", false),
];
