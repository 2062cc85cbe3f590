<?php
$CONFIG = array (
  'installed' => true,
);
include 'more.php';
