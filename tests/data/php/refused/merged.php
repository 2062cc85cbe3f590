<?php
$CONFIG = ['installed' => true] + $defaults;
