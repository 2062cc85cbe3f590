<?php
// The database of config.php: what files there are, as Nextcloud knows them from oc_filecache and not from the object store.
// A site without `dbhost` has none. When it does not answer, the request fails, as Nextcloud's do.
function database(): ?mysqli {
    global $CONFIG;
    static $database = null;
    if ($database === null && ($CONFIG['dbhost'] ?? '') !== '') {
        $database = mysqli_init();
        $database->options(MYSQLI_OPT_CONNECT_TIMEOUT, 5);
        $database->real_connect($CONFIG['dbhost'], $CONFIG['dbuser'], $CONFIG['dbpassword'], $CONFIG['dbname']);
        $database->query('CREATE TABLE IF NOT EXISTS oc_filecache (path_hash CHAR(32) PRIMARY KEY, path TEXT, size BIGINT, etag VARCHAR(80))');
    }
    return $database;
}

function file_is_known(string $key): bool {
    return database()?->execute_query('SELECT 1 FROM oc_filecache WHERE path_hash = ?', [md5($key)])->num_rows !== 0;
}

function file_is_there(string $key, int $size, string $etag): void {
    database()?->execute_query('REPLACE INTO oc_filecache VALUES (?, ?, ?, ?)', [md5($key), $key, $size, $etag]);
}

function file_is_gone(string $key): void {
    database()?->execute_query('DELETE FROM oc_filecache WHERE path_hash = ?', [md5($key)]);
}
