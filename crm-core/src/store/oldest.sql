INSERT INTO accounts (id, number, name, region, time_zone, realm, recording_policy, created_at, version) VALUES
    ('00000000000000000000000001', 19079, 'Office', 'RU', 'Europe/Moscow', 'frontdesk', 'always', 1, 1);
INSERT INTO staff (id, account_id, is_main, surname, given_name, short_number, login, sort_name, search, created_at, updated_at, version) VALUES
    ('00000000000000000000000002', '00000000000000000000000001', TRUE, NULL, 'Main', '100', NULL, 'main', 'main', 1, 1, 1),
    ('00000000000000000000000003', '00000000000000000000000001', FALSE, 'Sokolova', 'Anna', '101', 'anna', 'sokolova anna', 'sokolova anna', 1, 1, 1);
INSERT INTO sip_accounts (id, account_id, staff_id, trunk_id, sip_user, realm, ha1_md5, ha1_sha256, enabled, created_at, version) VALUES
    ('00000000000000000000000004', '00000000000000000000000001', '00000000000000000000000003', NULL, '19079-101', 'frontdesk',
     '00112233445566778899aabbccddeeff', '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', TRUE, 1, 1);
INSERT INTO departments (id, account_id, name, short_number, created_at, version) VALUES
    ('00000000000000000000000005', '00000000000000000000000001', 'Sales', '200', 1, 1);
INSERT INTO department_members (department_id, staff_id) VALUES ('00000000000000000000000005', '00000000000000000000000003');
INSERT INTO clients (id, account_id, number, name, manager_id, vip, sort_name, search, created_at, updated_at, version) VALUES
    ('00000000000000000000000006', '00000000000000000000000001', '+79161234567', 'Petr', '00000000000000000000000003', TRUE, 'petr', 'petr', 1, 1, 1);
INSERT INTO calls (id, account_id, direction, caller_number, called, callee_staff_id, client_id, disposition, because, started_at, answered_at, ended_at, status) VALUES
    ('00000000000000000000000007', '00000000000000000000000001', 'inbound', '+79161234567', '101', '00000000000000000000000003',
     '00000000000000000000000006', 'answered', 'extension', 2, 3, 4, 200);
INSERT INTO recordings (id, account_id, call_id, path, state, duration_ms, bytes, started_at, version) VALUES
    ('00000000000000000000000008', '00000000000000000000000001', '00000000000000000000000007', 'x/y.wav', 'ready', 1000, 32044, 3, 1);
INSERT INTO audit (id, account_id, at, actor_name, action, entity, entity_id) VALUES
    ('00000000000000000000000009', '00000000000000000000000001', 2, 'Main', 'create', 'client', '00000000000000000000000006');
