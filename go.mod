module extant

go 1.26
