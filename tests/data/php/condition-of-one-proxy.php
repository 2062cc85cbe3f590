<?php
$CONFIG = array (
  'trusted_proxies' => 
  array (
    0 => '198.51.100.124',
    1 => '2001:db8:6c02:5501:b2b3:69ff:fee5:682e',
    2 => '192.168.1.25',
  ),
  'overwritehost' => 'cloud.nextcloud.example:443',
  'overwriteprotocol' => 'https',
  'overwritewebroot' => '/',
  'overwritecondaddr' => '^198\\.51\\.100\\.124$',
  'ldapProviderFactory' => 'OCA\\User_LDAP\\LDAPProviderFactory',
  'upgrade.disable-web' => true,
);
