<?php
$CONFIG = array (
  'twofactor_enforced' => 'true',
  'twofactor_enforced_groups' => 
  array (
  ),
  'twofactor_enforced_excluded_groups' => 
  array (
    0 => 'service',
  ),
  'auth.bruteforce.protection.enabled' => true,
);
