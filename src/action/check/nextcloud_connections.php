<?php
// After nextcloud_config.php: prints how many connections the database takes, asked for with the site's own account; nothing
// where that cannot be found out. No name or password of the account is printed.
$kind = $all['dbtype'] ?? '';
[$host, $rest] = array_pad(explode(':', (string) ($all['dbhost'] ?? ''), 2), 2, '');
$rest = $rest !== '' ? $rest : (string) ($all['dbport'] ?? '');
$where = $rest === '' ? "host=$host" : (ctype_digit($rest) ? "host=$host;port=$rest" : ($kind === 'mysql' ? "unix_socket=$rest" : "host=$rest"));
try {
    ob_start();
    if ($kind === 'mysql') {
        $asked = new PDO("mysql:$where", $all['dbuser'], $all['dbpassword'], [PDO::ATTR_TIMEOUT => 5]);
        $number = $asked->query('SELECT @@max_connections')->fetchColumn();
    } elseif ($kind === 'pgsql') {
        $asked = new PDO("pgsql:$where;dbname=" . $all['dbname'] . ';connect_timeout=5', $all['dbuser'], $all['dbpassword']);
        $number = $asked->query('SHOW max_connections')->fetchColumn();
    }
    ob_end_clean();
    echo isset($number) ? (int) $number : '', "\n";
} catch (Throwable) {
    ob_end_clean();
    echo "\n";
}
