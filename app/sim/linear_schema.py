"""What of Linear's public schema is simulated: each type and field as it stands there, and fewer of them.

linear/linear packages/sdk/src/schema.graphql
"""

from __future__ import annotations

from graphql import build_schema

SCHEMA = build_schema("""
scalar DateTime
scalar JSONObject
scalar TimelessDate

type Query {
  issue(id: String!): Issue!
  users(filter: UserFilter, includeDisabled: Boolean, first: Int): UserConnection!
  issueLabels(filter: IssueLabelFilter, first: Int): IssueLabelConnection!
  team(id: String!): Team!
  project(id: String!): Project!
}

type Mutation {
  issueCreate(input: IssueCreateInput!): IssuePayload!
  attachmentCreate(input: AttachmentCreateInput!): AttachmentPayload!
}

input StringComparator { eq: String in: [String!] }
input UserFilter { email: StringComparator }
input IssueLabelFilter { name: StringComparator }

input IssueCreateInput {
  id: String
  teamId: String!
  projectId: String
  assigneeId: String
  title: String
  description: String
  priority: Int
  labelIds: [String!]
  parentId: String
  dueDate: TimelessDate
}

input AttachmentCreateInput {
  id: String
  issueId: String!
  title: String!
  subtitle: String
  url: String!
  metadata: JSONObject
}

type WorkflowState { id: ID! name: String! type: String! }
type Team { id: ID! key: String! name: String! }
type Project { id: ID! name: String! }
type User { id: ID! email: String! active: Boolean! displayName: String! }
type UserConnection { nodes: [User!]! }
type IssueLabel { id: ID! name: String! isGroup: Boolean! team: Team }
type IssueLabelConnection { nodes: [IssueLabel!]! }
type Attachment { id: ID! title: String! subtitle: String url: String! }
type AttachmentConnection { nodes: [Attachment!]! }

type Issue {
  id: ID!
  identifier: String!
  url: String!
  title: String!
  description: String
  createdAt: DateTime!
  priority: Float!
  dueDate: TimelessDate
  parent: Issue
  state: WorkflowState!
  team: Team!
  project: Project
  assignee: User
  labels(first: Int): IssueLabelConnection!
  attachments(first: Int): AttachmentConnection!
}

type IssuePayload { success: Boolean! lastSyncId: Float! issue: Issue }
type AttachmentPayload { success: Boolean! lastSyncId: Float! attachment: Attachment! }
""")
